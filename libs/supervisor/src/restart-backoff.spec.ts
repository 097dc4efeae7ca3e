import { describe, expect, it } from 'vitest';
import { RestartBackoff } from './restart-backoff.js';

describe('the wait before a restart', () => {
  it('is anything up to a limit that doubles with each crash, until its own limit', () => {
    const longest = new RestartBackoff(100, 1_000, () => 1);
    expect(Array.from({ length: 6 }, () => longest.nextDelayMs())).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ]);
    const shortest = new RestartBackoff(100, 1_000, () => 0);
    expect(Array.from({ length: 3 }, () => shortest.nextDelayMs())).toEqual([0, 0, 0]);
  });

  it('begins anew after a reset, and stays finite however often there was a crash', () => {
    const backoff = new RestartBackoff(100, 5_000, () => 1);
    for (let crash = 0; crash < 2_000; crash++) backoff.nextDelayMs();
    expect(backoff.nextDelayMs()).toBe(5_000);
    backoff.reset();
    expect(backoff.nextDelayMs()).toBe(100);
  });
});
