import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.js';

describe('a histogram of times', () => {
  it('is off by less than 0.8 % from a tenth of a microsecond to a minute', () => {
    for (let us = 0.3; us < 60e6; us *= 1.37) {
      const histogram = new Histogram();
      histogram.record(us / 1000);
      histogram.record(60_000);
      const found = histogram.percentileUs(0.5);
      expect(Math.abs(found - us), `${us} µs as ${found}`).toBeLessThanOrEqual(Math.max(0.1, us * 0.008));
    }
  });

  it('finds percentiles of a million evenly spread values', () => {
    const histogram = new Histogram();
    for (let i = 1; i <= 1_000_000; i++) histogram.record(i / 1000);
    const { p50, p90, p99, p99_9, max, mean } = histogram.summary();
    expect(
      [p50, p90, p99, p99_9]
        .map((us, i) => us / [500_000, 900_000, 990_000, 999_000][i]!)
        .every((r) => r > 0.992 && r < 1.008),
    ).toBe(true);
    expect(max).toBe(1_000_000);
    expect(mean).toBeCloseTo(500_000.5, 1);
    expect(histogram.count).toBe(1_000_000);
  });

  it('is zero without values', () => {
    expect(new Histogram().summary()).toEqual({ p50: 0, p90: 0, p99: 0, p99_9: 0, max: 0, mean: 0 });
  });
});
