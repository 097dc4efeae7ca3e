import { END_OF_SLOTS } from './slot-allocator.js';

const FIRST_WORDS = 32;

/**
 * Slots, a bit each: at most 128 KiB, whoever is in it. It never stands still to rehash, is in ascending order without sorting, and
 * may change while somebody walks through it.
 */
export class SlotSet {
  #words = new Uint32Array(FIRST_WORDS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(slot: number): boolean {
    // Behind the end there is undefined, which has no bits.
    return (this.#words[slot >>> 5]! & (1 << (slot & 31))) !== 0;
  }

  add(slot: number): void {
    if (this.has(slot)) return;
    const at = slot >>> 5;
    if (at >= this.#words.length) this.#growTo(at + 1);
    this.#words[at]! |= 1 << (slot & 31);
    this.#size++;
  }

  delete(slot: number): void {
    if (!this.has(slot)) return;
    this.#words[slot >>> 5]! &= ~(1 << (slot & 31));
    this.#size--;
  }

  /** The first slot in the set that is at least `from`; `END_OF_SLOTS` when there is none. */
  next(from: number): number {
    const words = this.#words;
    let at = from >>> 5;
    if (at >= words.length) return END_OF_SLOTS;
    let word = words[at]! & (-1 << (from & 31));
    while (word === 0) {
      if (++at === words.length) return END_OF_SLOTS;
      word = words[at]!;
    }
    return (at << 5) + 31 - Math.clz32(word & -word);
  }

  #growTo(words: number): void {
    const grown = new Uint32Array(Math.max(words, this.#words.length * 2));
    grown.set(this.#words);
    this.#words = grown;
  }
}
