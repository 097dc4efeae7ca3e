import { randomInt } from 'node:crypto';

const GENERATION_BITS = 12;
const GENERATIONS = 1 << GENERATION_BITS;
/** Slots are below this. As the place to go on from, it means that there is nothing more. */
export const END_OF_SLOTS = 1 << 20;
/** Slot 0 is never given: its first id would be 0, which means "from the start" in a page request. */
const FIRST_SLOT = 1;
/**
 * A slot rests until so many are free. Else a lonely client that reconnects would always be given the same slot,
 * and after 4,096 times an id that somebody may still hold.
 */
const MIN_FREE_SLOTS = 1024;
/** Most connections that one gateway process can hold. */
export const MAX_CONNECTIONS = END_OF_SLOTS - FIRST_SLOT;

export function slotOf(connectionId: number): number {
  return connectionId >>> GENERATION_BITS;
}

/**
 * Gives connection ids: slot (20 bits) high, generation (12 bits) low. Slots are reused first in, first out, once enough
 * of them are free, each time with the next generation, and start at a random one, so that the id of a client that left names nobody,
 * also after a restart.
 */
export class SlotAllocator {
  /**
   * A word a slot: the slot that was freed after it high, its generation low, as in an id. Zeros that nobody has touched take
   * no memory, so the queue of free slots and all generations are there from the start, and nothing ever has to grow.
   */
  readonly #words = new Uint32Array(END_OF_SLOTS);
  #fresh = FIRST_SLOT;
  #free = 0;
  #firstFree = 0;
  #lastFree = 0;

  /** One more than the highest slot ever given. */
  get slotCount(): number {
    return this.#fresh;
  }

  take(): number | undefined {
    const isRested = this.#free > MIN_FREE_SLOTS;
    const slot = isRested ? this.#reused() : (this.#neverUsed() ?? this.#reused());
    if (slot === undefined) return undefined;
    this.#words[slot] = (this.#words[slot]! + 1) % GENERATIONS;
    return this.idAt(slot);
  }

  release(connectionId: number): void {
    const slot = slotOf(connectionId);
    if (this.#free++ === 0) this.#firstFree = slot;
    else this.#words[this.#lastFree] = slot * GENERATIONS + (this.#words[this.#lastFree]! % GENERATIONS);
    this.#lastFree = slot;
  }

  /** The id that was given last with this slot. */
  idAt(slot: number): number {
    return slot * GENERATIONS + (this.#words[slot]! % GENERATIONS);
  }

  #reused(): number | undefined {
    if (this.#free === 0) return undefined;
    const slot = this.#firstFree;
    this.#free--;
    this.#firstFree = this.#words[slot]! >>> GENERATION_BITS;
    return slot;
  }

  #neverUsed(): number | undefined {
    if (this.#fresh > MAX_CONNECTIONS) return undefined;
    const slot = this.#fresh++;
    this.#words[slot] = randomInt(GENERATIONS);
    return slot;
  }
}
