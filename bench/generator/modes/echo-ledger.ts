/** The answer belongs to another connection, or to nothing that was ever sent. */
export const FOREIGN = -2;
/** The answer has come before. */
export const DUPLICATE = -1;

/** Sequence numbers have at most so many of the 32 bits; a connection's number has the others. */
const MOST_SEQUENCE_BITS = 24;
/** An answer that comes again is recognized while fewer messages than this have followed. */
const LEAST_REMEMBERED = 64;

/**
 * What every connection has sent and not been answered. A message carries its connection and its number in the order of sending, so that a
 * lost, doubled, misplaced or overtaken answer is seen. Arrays for all connections: no object for a message.
 */
export class EchoLedger {
  readonly #sequenceBits: number;
  readonly #sequenceMask: number;
  readonly #remembered: number;
  /** When a message was due, by connection and sequence; 0 when nothing is under way there. */
  readonly #stamps: Float64Array;
  readonly #nextSent: Uint32Array;
  readonly #nextAnswered: Uint32Array;
  readonly #underWay: Uint32Array;
  sent = 0;
  answered = 0;
  duplicates = 0;
  outOfOrder = 0;

  constructor(connections: number, inflight: number) {
    const connectionBits = Math.ceil(Math.log2(Math.max(2, connections)));
    this.#sequenceBits = Math.min(MOST_SEQUENCE_BITS, 32 - connectionBits);
    this.#sequenceMask = 2 ** this.#sequenceBits - 1;
    this.#remembered = 2 ** Math.ceil(Math.log2(Math.max(LEAST_REMEMBERED, inflight * 2)));
    this.#stamps = new Float64Array(connections * this.#remembered);
    this.#nextSent = new Uint32Array(connections);
    this.#nextAnswered = new Uint32Array(connections);
    this.#underWay = new Uint32Array(connections);
  }

  underWay(connection: number): number {
    return this.#underWay[connection]!;
  }

  get allAnswered(): boolean {
    return this.answered >= this.sent;
  }

  /** Notes a message. @returns the number that it carries */
  send(connection: number, dueMs: number): number {
    const sequence = this.#nextSent[connection]!;
    this.#nextSent[connection] = (sequence + 1) & this.#sequenceMask;
    this.#stamps[this.#placeOf(connection, sequence)] = dueMs;
    this.#underWay[connection]!++;
    this.sent++;
    return ((connection << this.#sequenceBits) | sequence) >>> 0;
  }

  /** Notes an answer. @returns when its message was due; or `FOREIGN` or `DUPLICATE` */
  answer(connection: number, value: number): number {
    if (value >>> this.#sequenceBits !== connection) return FOREIGN;
    const sequence = value & this.#sequenceMask;
    const age = (this.#nextSent[connection]! - sequence) & this.#sequenceMask;
    const place = this.#placeOf(connection, sequence);
    const dueMs = this.#stamps[place]!;
    if (age === 0 || age > this.#remembered || dueMs === 0) {
      this.duplicates++;
      return DUPLICATE;
    }
    this.#stamps[place] = 0;
    this.#underWay[connection]!--;
    this.answered++;
    this.#checkOrder(connection, sequence);
    return dueMs;
  }

  /** The connection is gone, and what it had under way with it; the next one with this number starts anew. */
  forget(connection: number): void {
    const from = connection * this.#remembered;
    this.#stamps.fill(0, from, from + this.#remembered);
    this.#underWay[connection] = 0;
    this.#nextAnswered[connection] = this.#nextSent[connection]!;
  }

  #checkOrder(connection: number, sequence: number): void {
    const expected = this.#nextAnswered[connection]!;
    const ahead = (sequence - expected) & this.#sequenceMask;
    // Ahead leaves a gap, which counts when it is filled later, or as lost; behind is one that was overtaken.
    if (ahead > this.#sequenceMask >>> 1) this.outOfOrder++;
    else this.#nextAnswered[connection] = (sequence + 1) & this.#sequenceMask;
  }

  #placeOf(connection: number, sequence: number): number {
    return connection * this.#remembered + (sequence & (this.#remembered - 1));
  }
}
