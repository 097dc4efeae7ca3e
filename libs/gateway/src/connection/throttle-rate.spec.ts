import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThrottleRate } from './throttle-rate.js';

/** The bucket as one would draw it: tokens that drip in, in whole numbers, so that nothing is rounded. */
class Bucket {
  #thousandths: number;
  #atMs = 0;
  readonly #most: number;

  constructor(
    private readonly perSecond: number,
    burstMs: number,
  ) {
    this.#most = perSecond * burstMs;
    this.#thousandths = this.#most;
  }

  tokensAt(nowMs: number): number {
    this.#thousandths = Math.min(this.#most, this.#thousandths + (nowMs - this.#atMs) * this.perSecond);
    this.#atMs = nowMs;
    return this.#thousandths;
  }

  take(amount: number): void {
    this.#thousandths -= amount * 1_000;
  }
}

const steps = fc.array(
  fc.record({ waitMs: fc.integer({ min: 0, max: 3_000 }), amount: fc.integer({ min: 1, max: 200 }) }),
  { maxLength: 200 },
);
const perSecond = fc.integer({ min: 1, max: 5_000 });
const burstMs = fc.integer({ min: 100, max: 10_000 });

describe('a rate', () => {
  it('lets through what a bucket of tokens would, whatever is taken when', () => {
    fc.assert(
      fc.property(perSecond, burstMs, fc.boolean(), steps, (rate, burst, isStrict, taken) => {
        const limit = new ThrottleRate(rate, burst);
        const bucket = new Bucket(rate, burst);
        let nowMs = 0;
        let paidUntilMs = 0;
        for (const { waitMs, amount } of taken) {
          nowMs += waitMs;
          const mayTake = limit.waitMs(paidUntilMs, nowMs) <= 0;
          // To the thousandth of a millisecond, which is the thousandth part of what `rate` tokens a second are.
          const tokens = bucket.tokensAt(nowMs);
          if (mayTake !== tokens > 0) expect(Math.abs(tokens)).toBeLessThanOrEqual(rate * 0.002);
          if (isStrict && !mayTake) continue;
          paidUntilMs = limit.taken(paidUntilMs, nowMs, amount);
          bucket.take(amount);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('is kept over any stretch of time, whatever is tried', () => {
    fc.assert(
      fc.property(perSecond, burstMs, steps, (rate, burst, tries) => {
        const limit = new ThrottleRate(rate, burst);
        const taken: number[] = [];
        let nowMs = 0;
        let paidUntilMs = 0;
        for (const { waitMs, amount } of tries) {
          nowMs += waitMs;
          for (let i = 0; i < amount && limit.waitMs(paidUntilMs, nowMs) <= 0; i++) {
            paidUntilMs = limit.taken(paidUntilMs, nowMs, 1);
            taken.push(nowMs);
          }
        }
        for (let first = 0; first < taken.length; first += 7) {
          const spanMs = taken.at(-1)! - taken[first]!;
          // One more than the sum, as the last one may be begun with less than a whole one left.
          expect(taken.length - first).toBeLessThanOrEqual((rate * (burst + spanMs)) / 1_000 + 1.01);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('says how long to wait: then there is one again, and not earlier', () => {
    const limit = new ThrottleRate(10, 1_000);
    let paidUntilMs = 0;
    for (let i = 0; i < 25; i++) paidUntilMs = limit.taken(paidUntilMs, 5_000, 1);
    const waitMs = limit.waitMs(paidUntilMs, 5_000);
    expect(waitMs).toBeCloseTo(1_500, 1);
    expect(limit.waitMs(paidUntilMs, 5_000 + waitMs)).toBeCloseTo(0, 6);
    expect(limit.waitMs(paidUntilMs, 4_999 + waitMs)).toBeGreaterThan(0);
  });

  it.each([1, 3, 7, 10, 999])(
    'of %i a second lets exactly so many through at once, whatever the time',
    (rate) => {
      const limit = new ThrottleRate(rate, 1_000);
      for (const nowMs of [0, 17.123, 86_400_000.7, 1e9 + 0.3]) {
        let paidUntilMs = 0;
        let passed = 0;
        for (; limit.waitMs(paidUntilMs, nowMs) <= 0; passed++)
          paidUntilMs = limit.taken(paidUntilMs, nowMs, 1);
        expect(passed).toBe(rate);
      }
    },
  );

  it('of 0 is none', () => {
    const limit = new ThrottleRate(0, 100);
    let paidUntilMs = 0;
    for (let i = 0; i < 10_000; i++) paidUntilMs = limit.taken(paidUntilMs, 50, 1e9);
    expect(limit.waitMs(paidUntilMs, 50)).toBeLessThan(0);
  });
});
