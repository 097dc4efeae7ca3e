import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from './random.js';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const numbersOf = (random: SeededRandom, count = 50): number[] =>
  Array.from({ length: count }, () => random.next());

describe('a seeded generator', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const numbers = numbersOf(new SeededRandom(seed));
        expect(numbersOf(new SeededRandom(seed))).toEqual(numbers);
        expect(numbersOf(new SeededRandom((seed + 1) % 2 ** 32))).not.toEqual(numbers);
      }),
    );
  });

  it('keeps to its bounds, and reaches both ends', () => {
    const random = new SeededRandom(1);
    const drawn = Array.from({ length: 1_000 }, () => random.between(3, 7));
    expect(new Set(drawn)).toEqual(new Set([3, 4, 5, 6, 7]));
    expect(numbersOf(random, 1_000).every((number) => number >= 0 && number < 1)).toBe(true);
  });

  it('draws evenly, also from the first number of neighbouring seeds', () => {
    const firsts = Array.from({ length: 8_000 }, (_, seed) => new SeededRandom(seed).below(8));
    const counts = Array.from({ length: 8 }, (_, value) => firsts.filter((first) => first === value).length);
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });

  it('forks generators of their own', () => {
    const [one, other] = [new SeededRandom(5), new SeededRandom(5)];
    const fork = one.fork();
    numbersOf(fork);
    other.fork();
    expect(numbersOf(one)).toEqual(numbersOf(other));
  });

  it('says never at 0 and always at 1', () => {
    const random = new SeededRandom();
    for (let draw = 0; draw < 100; draw++) {
      expect(random.chance(0)).toBe(false);
      expect(random.chance(1)).toBe(true);
    }
  });

  it('takes its seed from a text, and makes one up without', () => {
    expect(SeededRandom.of('123').seed).toBe(123);
    const made = [SeededRandom.of(undefined), SeededRandom.of(''), new SeededRandom()];
    expect(new Set(made.map(({ seed }) => seed)).size).toBe(3);
  });

  it.each(['x', '-1', '1.5', '4294967296'])('refuses the seed %s', (text) => {
    expect(() => SeededRandom.of(text)).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_ARGUMENT', argument: 'seed' }),
    );
  });

  it('has nothing to pick from an empty list', () => {
    expect(() => new SeededRandom().pick([])).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_ARGUMENT', argument: 'items' }),
    );
  });
});
