import { writeAcknowledge, type ByteWriter } from '#protocol';

/** Room for the count of a range beside its first sequence in the 53 bits of a number that are exact. */
const COUNT_BITS = 20;
const COUNT_LIMIT = 2 ** COUNT_BITS;
const FIRST_RANGES = 64;

/**
 * The events of one link that are done with and that the gateway has not been told of. In the usual case they are done in the
 * order in which they came, and the last range grows; ranges that others have come between are kept as one number each, so that
 * sorting them costs neither objects nor a comparing function.
 */
export class DoneEvents {
  #first = 0;
  #count = 0;
  /** Distance from `#base`, and count: of what was done before the range that grows. */
  #ranges = new Float64Array(FIRST_RANGES);
  #kept = 0;
  /** Half of all sequences before the first one of this turn: distances from it ascend with the sequences, whenever they wrap. */
  #base = 0;
  readonly #merged: number[] = [];

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  add(sequence: number): void {
    if (this.#count > 0) {
      if (sequence === (this.#first + this.#count) >>> 0 && this.#count < COUNT_LIMIT - 1) {
        this.#count++;
        return;
      }
      this.#keep();
    } else {
      this.#base = (sequence - 2 ** 31) >>> 0;
    }
    this.#first = sequence;
    this.#count = 1;
  }

  /** Writes an Acknowledge of everything, by ascending ranges that do not touch, and forgets it. */
  writeTo(writer: ByteWriter): void {
    const merged = this.#merged;
    if (this.#kept === 0) {
      merged.push(this.#first, this.#count);
    } else {
      this.#keep();
      this.#merge();
    }
    this.#count = 0;
    writeAcknowledge(writer, merged);
    merged.length = 0;
  }

  /** The link is over: nobody will be told. */
  clear(): void {
    this.#count = 0;
    this.#kept = 0;
  }

  #keep(): void {
    if (this.#kept === this.#ranges.length) {
      const grown = new Float64Array(this.#kept * 2);
      grown.set(this.#ranges);
      this.#ranges = grown;
    }
    const distance = (this.#first - this.#base) >>> 0;
    this.#ranges[this.#kept++] = distance * COUNT_LIMIT + this.#count;
  }

  #merge(): void {
    const sorted = this.#ranges.subarray(0, this.#kept).sort();
    this.#kept = 0;
    let distance = -1;
    let count = 0;
    for (const range of sorted) {
      const from = Math.floor(range / COUNT_LIMIT);
      if (from === distance + count) {
        count += range % COUNT_LIMIT;
        continue;
      }
      this.#push(distance, count);
      distance = from;
      count = range % COUNT_LIMIT;
    }
    this.#push(distance, count);
  }

  #push(distance: number, count: number): void {
    if (count > 0) this.#merged.push((distance + this.#base) >>> 0, count);
  }
}
