import type { Framing, OutgoingMessage } from '../connection/outgoing-message.js';
import type { DropCounters, DropPolicy } from '../connection/when-slow.js';

/** What keeping a message costs beyond its bytes: the objects around them. Without it, a million one-byte messages would be 1 MiB. */
export const KEEPING_BYTES = 256;
const BYTES_A_CHARACTER = 2;

/** In a list, because one may leave from the middle when a newer one with its key comes. */
interface Waiting {
  readonly frame: Buffer;
  readonly key: string | undefined;
  readonly cost: number;
  previous: Waiting | undefined;
  next: Waiting | undefined;
}

/** Whole messages that wait for one slow client, in the order in which they were sent, and the policy when there is no room. */
export class WaitingMessages {
  #first: Waiting | undefined;
  #last: Waiting | undefined;
  #byKey: Map<string, Waiting> | undefined;
  #bytes = 0;
  #cost = 0;

  /** @param maxBytes most that may wait for the client; 0 disables the limit */
  constructor(
    private readonly policy: DropPolicy,
    private readonly maxBytes: number,
    private readonly counters: DropCounters,
  ) {}

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** Of the frames alone. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds it as the newest, or drops it. One alone may be as large as messages may be: only what piles up behind another is too much.
   * @param heldBytes what waits for the client besides, and is not to be dropped any more
   */
  add(message: OutgoingMessage, framing: Framing, heldBytes: number): void {
    const key = this.policy === 'keepLatest' ? message.key : undefined;
    const keyBytes = key === undefined ? 0 : key.length * BYTES_A_CHARACTER;
    const cost = framing.frameBytes(message.payload) + keyBytes + KEEPING_BYTES;
    if (!this.#mayWait(cost, heldBytes)) return void this.counters.messagesDropped[this.policy]++;
    const older = key === undefined ? undefined : this.#byKey?.get(key);
    if (older !== undefined) {
      this.#remove(older);
      this.counters.messagesReplaced++;
    }
    while (!this.#fits(cost, heldBytes)) {
      this.#remove(this.#first!);
      this.counters.messagesDropped[this.policy]++;
    }
    const frame = message.keptFrame(framing);
    this.#append({ frame, key, cost, previous: this.#last, next: undefined });
  }

  /** Takes the oldest out: one at least, and more up to these limits. */
  take(mostBytes = Infinity, mostMessages = Infinity): Buffer[] {
    const frames: Buffer[] = [];
    let bytes = 0;
    for (let first = this.#first; first !== undefined; first = this.#first) {
      bytes += first.frame.length;
      if (frames.length > 0 && (bytes > mostBytes || frames.length >= mostMessages)) break;
      this.#remove(first);
      frames.push(first.frame);
    }
    return frames;
  }

  clear(): void {
    this.#first = this.#last = this.#byKey = undefined;
    this.#bytes = this.#cost = 0;
  }

  /** Whether it can be taken at all: nothing is dropped for one that has no room even then. */
  #mayWait(cost: number, heldBytes: number): boolean {
    if (this.policy === 'dropNewest') return this.#fits(cost, heldBytes);
    return this.maxBytes === 0 || heldBytes === 0 || heldBytes + cost <= this.maxBytes;
  }

  #fits(cost: number, heldBytes: number): boolean {
    if (this.maxBytes === 0 || (heldBytes === 0 && this.isEmpty)) return true;
    return heldBytes + this.#cost + cost <= this.maxBytes;
  }

  #append(message: Waiting): void {
    if (this.#last === undefined) this.#first = message;
    else this.#last.next = message;
    this.#last = message;
    this.#bytes += message.frame.length;
    this.#cost += message.cost;
    if (message.key !== undefined) (this.#byKey ??= new Map()).set(message.key, message);
  }

  #remove({ frame, key, cost, previous, next }: Waiting): void {
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    this.#bytes -= frame.length;
    this.#cost -= cost;
    if (key !== undefined) this.#byKey?.delete(key);
  }
}
