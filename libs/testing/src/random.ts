import { randomInt } from 'node:crypto';
import { InvalidArgumentError } from '#protocol';

/** Seeds are whole numbers from 0 to this. */
const MOST_SEED = 2 ** 32 - 1;
const STEPS_BEFORE_FIRST = 12;

/**
 * A generator whose numbers follow from its seed, so that a failed run can be repeated: print the seed, and give it again. Small
 * and fast (sfc32), and nothing for secrets.
 */
export class SeededRandom {
  readonly seed: number;
  readonly #state: Uint32Array;

  /**
   * @param seed a whole number from 0 to 2^32 - 1; by default another one each time
   * @throws InvalidArgumentError for any other number
   */
  constructor(seed: number = randomInt(MOST_SEED + 1)) {
    if (!Number.isInteger(seed) || seed < 0 || seed > MOST_SEED) {
      throw new InvalidArgumentError('seed', `must be a whole number from 0 to ${MOST_SEED}, not ${seed}`);
    }
    this.seed = seed;
    this.#state = Uint32Array.of(seed, 0x9e37_79b9, 0x243f_6a88, 1);
    // Neighbouring seeds give similar numbers until the state is stirred.
    for (let step = 0; step < STEPS_BEFORE_FIRST; step++) this.#bits();
  }

  /**
   * The seed that a text gives, as an environment variable does; another one each time without a text.
   * @throws InvalidArgumentError for a text that is no seed
   */
  static of(text: string | undefined): SeededRandom {
    return text === undefined || text.trim() === '' ? new SeededRandom() : new SeededRandom(Number(text));
  }

  /** From 0 up to, but not including, 1. */
  next(): number {
    return this.#bits() / 2 ** 32;
  }

  /** A whole number from 0 up to, but not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in so many cases of one: 0 never, 1 always. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** @throws InvalidArgumentError for an empty list */
  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new InvalidArgumentError('items', 'must not be empty');
    return items[this.below(items.length)]!;
  }

  /** Another generator that follows from this one: what one part of a scenario draws does not change what the others get. */
  fork(): SeededRandom {
    return new SeededRandom(this.#bits());
  }

  #bits(): number {
    const state = this.#state;
    const [a, b, c, counter] = state as unknown as [number, number, number, number];
    const bits = (a + b + counter) >>> 0;
    state[3] = counter + 1;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + bits;
    return bits;
  }
}
