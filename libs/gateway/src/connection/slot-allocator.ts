import { randomInt } from 'node:crypto';

const GENERATION_BITS = 12;
const GENERATIONS = 1 << GENERATION_BITS;
/** Slot 0 is never given: its first id would be 0, which means "from the start" in a page request. */
const FIRST_SLOT = 1;
/**
 * A slot rests until so many are free. Else a lonely client that reconnects would always be given the same slot,
 * and after 4,096 times an id that somebody may still hold.
 */
const MIN_FREE_SLOTS = 1024;
/** Most connections that one gateway process can hold. */
export const MAX_CONNECTIONS = (1 << 20) - FIRST_SLOT;

export function slotOf(connectionId: number): number {
  return connectionId >>> GENERATION_BITS;
}

/**
 * Gives connection ids: slot (20 bits) high, generation (12 bits) low. Slots are reused first in, first out, once enough
 * of them are free, each time with the next generation, and start at a random one, so that the id of a client that left names nobody,
 * also after a restart.
 */
export class SlotAllocator {
  readonly #generations: number[] = [0];
  /** A ring of freed slots would need a bound; two stacks make a queue whose every step is cheap on average. */
  #freed: number[] = [];
  #reusable: number[] = [];

  take(): number | undefined {
    const isRested = this.#freed.length + this.#reusable.length > MIN_FREE_SLOTS;
    const slot = isRested ? this.#reused() : (this.#fresh() ?? this.#reused());
    if (slot === undefined) return undefined;
    const generation = (this.#generations[slot]! + 1) % GENERATIONS;
    this.#generations[slot] = generation;
    return slot * GENERATIONS + generation;
  }

  release(connectionId: number): void {
    this.#freed.push(slotOf(connectionId));
  }

  #reused(): number | undefined {
    if (this.#reusable.length === 0) {
      this.#reusable = this.#freed.reverse();
      this.#freed = [];
    }
    return this.#reusable.pop();
  }

  #fresh(): number | undefined {
    const slot = this.#generations.length;
    if (slot > MAX_CONNECTIONS) return undefined;
    this.#generations.push(randomInt(GENERATIONS));
    return slot;
  }
}
