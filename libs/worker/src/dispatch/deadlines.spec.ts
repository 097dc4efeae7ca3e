import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Deadlines } from './deadlines.js';

beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
    }),
);
afterEach(() => void vi.useRealTimers());

function deadlinesOf(limitMs: number): { deadlines: Deadlines<string>; expired: string[] } {
  const expired: string[] = [];
  return { deadlines: new Deadlines<string>(limitMs, (entry) => expired.push(entry)), expired };
}

describe('deadlines', () => {
  it('report each entry when its own time is up, by one timer', () => {
    const { deadlines, expired } = deadlinesOf(100);
    deadlines.begin('a');
    vi.advanceTimersByTime(60);
    deadlines.begin('b');
    deadlines.begin('c');
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(41); // the last look is a turn later
    expect(expired).toEqual(['a']);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(58);
    expect(expired).toEqual(['a']);
    vi.advanceTimersByTime(2);
    expect(expired).toEqual(['a', 'b', 'c']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('forget what has ended, and begin anew after a pause', () => {
    const { deadlines, expired } = deadlinesOf(100);
    deadlines.begin('a');
    deadlines.end('a');
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
    deadlines.begin('b');
    vi.advanceTimersByTime(101);
    expect(expired).toEqual(['b']);
  });

  it('can be begun while others expire', () => {
    const again: string[] = [];
    const deadlines: Deadlines<string> = new Deadlines<string>(100, (entry) => {
      again.push(entry);
      if (entry === 'a') deadlines.begin('next');
    });
    deadlines.begin('a');
    deadlines.begin('b');
    vi.advanceTimersByTime(101);
    expect(again).toEqual(['a', 'b']);
    vi.advanceTimersByTime(101);
    expect(again).toEqual(['a', 'b', 'next']);
  });

  it('come in time for those that began later, although another began while the first expired', () => {
    const expired: string[] = [];
    const deadlines: Deadlines<string> = new Deadlines<string>(100, (entry) => {
      expired.push(entry);
      if (entry === 'a') deadlines.begin('behind a');
    });
    deadlines.begin('a');
    vi.advanceTimersByTime(50);
    deadlines.begin('b');
    vi.advanceTimersByTime(51);
    expect(expired).toEqual(['a']);
    vi.advanceTimersByTime(50);
    expect(expired).toEqual(['a', 'b']);
    vi.advanceTimersByTime(52);
    expect(expired).toEqual(['a', 'b', 'behind a']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never come with 0, and not after they were stopped', () => {
    const never = deadlinesOf(0);
    never.deadlines.begin('a');
    expect(vi.getTimerCount()).toBe(0);
    const stopped = deadlinesOf(10);
    stopped.deadlines.begin('a');
    stopped.deadlines.stop();
    vi.advanceTimersByTime(1_000);
    expect(stopped.expired).toEqual([]);
  });

  it('come after what was there to be read when their time was up', () => {
    const { deadlines, expired } = deadlinesOf(100);
    deadlines.begin('a');
    deadlines.begin('b');
    setTimeout(() => deadlines.end('a'), 100); // as when its answer is read in the same turn
    vi.advanceTimersByTime(101);
    expect(expired).toEqual(['b']);
  });

  it('do not come when they are stopped in that turn', () => {
    const { deadlines, expired } = deadlinesOf(100);
    deadlines.begin('a');
    setTimeout(() => deadlines.stop(), 100);
    vi.advanceTimersByTime(200);
    expect([expired, vi.getTimerCount()]).toEqual([[], 0]);
  });
});
