/** How a listener puts one message on the wire of its clients. */
export interface Framing {
  /** The size of the message's frame. */
  frameBytes(payload: Buffer): number;
  /** Writes the frame; there is room for it. `payload` is a view that is valid during the call only. */
  writeFrame(payload: Buffer, target: Buffer, offset: number): void;
}

/** The frame of a message in a buffer of its own. */
export function frameOf(framing: Framing, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(framing.frameBytes(payload));
  framing.writeFrame(payload, frame, 0);
  return frame;
}

/** A message on its way to any number of clients. One for many is framed once for all that share a framing, not once a client. */
export class OutgoingMessage {
  #framing: Framing | undefined;
  #frame: Buffer | undefined;
  #others: Map<Framing, Buffer> | undefined;

  constructor(
    readonly payload: Buffer,
    /** For many: it leaves in slices, and waits for messages to a single client. */
    readonly isBroadcast: boolean,
    /** Of the messages that wait for a slow client, only the newest with this key has to reach it. */
    readonly key?: string,
  ) {}

  framedBy(framing: Framing): Buffer {
    if (this.#framing === framing) return this.#frame!;
    return this.#others?.get(framing) ?? this.#store(framing, frameOf(framing, this.payload));
  }

  /**
   * The frame in memory of its own, for one who keeps it: a small one out of Node's pool would keep alive all that lies around it. All
   * who keep it share it.
   */
  keptFrame(framing: Framing): Buffer {
    const frame = this.framedBy(framing);
    if (frame.buffer.byteLength === frame.length) return frame;
    const own = Buffer.allocUnsafeSlow(frame.length);
    own.set(frame);
    return this.#store(framing, own);
  }

  #store(framing: Framing, frame: Buffer): Buffer {
    if (this.#framing === undefined || this.#framing === framing) {
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
