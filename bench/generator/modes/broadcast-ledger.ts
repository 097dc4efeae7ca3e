/** The number was never published. */
export const UNKNOWN = -2;
/** This subscriber has had it before, or it is older than what is remembered. */
export const REPEATED = -1;

/** Publishes that are followed to their last subscriber. */
export const MOST_UNDER_WAY = 32_768;
const RING = 2 * MOST_UNDER_WAY;
const BITS = 32;
const LEAST_REMEMBERED = 1024;

/**
 * Which subscriber has had which publish, so that a lost, doubled or overtaken one is seen. Arrays for all subscribers: no object for a
 * delivery.
 */
export class BroadcastLedger {
  readonly #remembered: number;
  readonly #words: number;
  /** `[subscriber × words + word]`: a bit for each of the last publishes that it has had. */
  readonly #seen: Int32Array;
  /** `[subscriber]`: one more than the latest publish that it has had. */
  readonly #next: Uint32Array;
  readonly #receivers = new Uint32Array(RING);
  readonly #stamps = new Float64Array(RING);
  #live = 0;
  #published = 0;
  #oldest = 0;
  expected = 0;
  delivered = 0;
  duplicates = 0;
  outOfOrder = 0;
  gaps = 0;
  /** The delivery noted last was that of a publish to its last subscriber. */
  isComplete = false;

  /** @param window publishes that may be under way */
  constructor(subscribers: number, window: number) {
    this.#remembered = 2 ** Math.ceil(Math.log2(Math.max(LEAST_REMEMBERED, window * 2)));
    this.#words = this.#remembered / BITS;
    this.#seen = new Int32Array(subscribers * this.#words);
    this.#next = new Uint32Array(subscribers);
  }

  /** Subscribers that a publish is to reach. */
  get live(): number {
    return this.#live;
  }

  set live(count: number) {
    this.#live = count;
    this.#advance();
  }

  get published(): number {
    return this.#published;
  }

  /** Publishes that have not reached every subscriber. */
  get underWay(): number {
    return this.#published - this.#oldest;
  }

  get lost(): number {
    return this.expected - this.delivered;
  }

  /** Notes a publish. @returns the number that it carries */
  publish(dueMs: number): number {
    const sequence = this.#published++;
    if (this.underWay > MOST_UNDER_WAY) this.#oldest++;
    this.#receivers[sequence & (RING - 1)] = 0;
    this.#stamps[sequence & (RING - 1)] = dueMs;
    this.expected += this.#live;
    return sequence;
  }

  /** Notes a delivery. @returns when it was published; or `UNKNOWN` or `REPEATED` */
  deliver(subscriber: number, sequence: number): number {
    this.isComplete = false;
    if (sequence >= this.#published) return UNKNOWN;
    if (!this.#mark(subscriber, sequence)) {
      this.duplicates++;
      return REPEATED;
    }
    this.delivered++;
    const place = sequence & (RING - 1);
    if (sequence >= this.#oldest && ++this.#receivers[place]! >= this.#live) {
      this.isComplete = true;
      this.#advance();
    }
    return this.#stamps[place]!;
  }

  /** Stops waiting for what is under way. */
  giveUp(): void {
    this.#oldest = this.#published;
  }

  #advance(): void {
    while (this.#oldest < this.#published && this.#receivers[this.#oldest & (RING - 1)]! >= this.#live)
      this.#oldest++;
  }

  /** @returns false when this subscriber has had it */
  #mark(subscriber: number, sequence: number): boolean {
    const next = this.#next[subscriber]!;
    if (sequence >= next) {
      if (sequence > next) this.#skip(subscriber, next, sequence);
      this.#next[subscriber] = sequence + 1;
      this.#setBit(subscriber, sequence);
      return true;
    }
    if (next - sequence > this.#remembered || this.#hasBit(subscriber, sequence)) return false;
    this.#setBit(subscriber, sequence);
    this.outOfOrder++;
    return true;
  }

  #skip(subscriber: number, from: number, to: number): void {
    this.gaps++;
    for (let sequence = Math.max(from, to - this.#remembered); sequence < to; sequence++) {
      this.#seen[this.#wordOf(subscriber, sequence)]! &= ~(1 << (sequence & (BITS - 1)));
    }
  }

  #setBit(subscriber: number, sequence: number): void {
    this.#seen[this.#wordOf(subscriber, sequence)]! |= 1 << (sequence & (BITS - 1));
  }

  #hasBit(subscriber: number, sequence: number): boolean {
    return (this.#seen[this.#wordOf(subscriber, sequence)]! & (1 << (sequence & (BITS - 1)))) !== 0;
  }

  #wordOf(subscriber: number, sequence: number): number {
    return subscriber * this.#words + ((sequence & (this.#remembered - 1)) >>> 5);
  }
}
