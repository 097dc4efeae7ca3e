import { describe, expect, it } from 'vitest';
import { Backoff } from '#link';
import { InvalidOptionError } from '#protocol';

const delays = (backoff: Backoff, count: number): number[] =>
  Array.from({ length: count }, () => backoff.nextDelayMs());

describe('the waits between two attempts', () => {
  it('double from 200 ms up to 5 s at the longest', () => {
    expect(delays(new Backoff({}, () => 1), 8)).toEqual([200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
  });

  it('are never shorter than half of that', () => {
    expect(delays(new Backoff({}, () => 0), 8)).toEqual([100, 200, 400, 800, 1600, 2500, 2500, 2500]);
  });

  it('differ from one node to the next', () => {
    const randoms = [0, 0.25, 0.5, 0.75];
    expect(randoms.map((random) => new Backoff({}, () => random).nextDelayMs())).toEqual([
      100, 125, 150, 175,
    ]);
  });

  it('start anew after a reset', () => {
    const backoff = new Backoff({}, () => 1);
    delays(backoff, 5);
    backoff.reset();
    expect(delays(backoff, 2)).toEqual([200, 400]);
  });

  it('stay at the longest after any number of failures', () => {
    const backoff = new Backoff({ maxDelayMs: 60_000 }, () => 1);
    expect(delays(backoff, 2_000).at(-1)).toBe(60_000);
  });

  it('keep to a longest wait that is below the first one', () => {
    expect(delays(new Backoff({ minDelayMs: 500, maxDelayMs: 100 }, () => 1), 3)).toEqual([100, 100, 100]);
  });

  it('must be whole milliseconds of at least 1', () => {
    expect(() => new Backoff({ minDelayMs: 0 })).toThrow(
      new InvalidOptionError('backoff.minDelayMs', 'must be a whole number from 1 to 2147483647, not 0.'),
    );
  });
});
