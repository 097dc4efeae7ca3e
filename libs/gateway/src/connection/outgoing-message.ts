/** How a listener puts one message on the wire of its clients. */
export interface Framing {
  /** A new buffer: the payload is a view that is valid during the call only. */
  encode(payload: Buffer): Buffer;
}

/** A message on its way to any number of clients. It is framed once for all that share a framing, not once a client. */
export class OutgoingMessage {
  #framing: Framing | undefined;
  #frame: Buffer | undefined;
  #others: Map<Framing, Buffer> | undefined;

  constructor(
    readonly payload: Buffer,
    /** For many: it leaves in slices, and waits for messages to a single client. */
    readonly isBroadcast: boolean,
  ) {}

  framedBy(framing: Framing): Buffer {
    if (this.#framing === framing) return this.#frame!;
    const frame = this.#others?.get(framing) ?? framing.encode(this.payload);
    if (this.#framing === undefined) {
      this.#framing = framing;
      this.#frame = frame;
    } else {
      // Listeners of more than one kind share this message.
      this.#others ??= new Map();
      this.#others.set(framing, frame);
    }
    return frame;
  }
}
