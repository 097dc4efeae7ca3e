import { describe, expect, it } from 'vitest';
import { measure } from '../measure.js';
import { CASES } from './index.js';

describe('the micro benchmarks', () => {
  it.each(CASES.map((one) => ({ title: `${one.group}, ${one.name}`, one })))(
    '$title: does what it measures',
    async ({ one }) => {
      const { run, expected, dispose } = await one.prepare();
      // Twice: what a case leaves behind must not change what it does next.
      const results = [run(), run()];
      await dispose?.();
      expect(expected).toBeGreaterThan(0);
      expect(results).toEqual([expected, expected]);
    },
  );

  it('have names of their own', () => {
    const titles = CASES.map(({ group, name }) => `${group}, ${name}`);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('measure nanoseconds an operation', async () => {
    const operations = 1000;
    const wait = (): number => {
      const endMs = performance.now() + 2;
      while (performance.now() < endMs);
      return 1;
    };
    const one = { group: 'g', name: 'n', operations, prepare: () => ({ expected: 1, run: wait }) };
    const { nsPerOperation, runs } = await measure(one, 40);
    expect(runs).toBeGreaterThan(1);
    expect(nsPerOperation).toBeGreaterThanOrEqual(1990);
    expect(nsPerOperation).toBeLessThan(20_000);
  });

  it('fail when a case does something else than it should', async () => {
    const one = { group: 'g', name: 'n', operations: 1, prepare: () => ({ expected: 1, run: () => 2 }) };
    await expect(measure(one, 5)).rejects.toThrow('g, n: the result is not 1');
  });
});
