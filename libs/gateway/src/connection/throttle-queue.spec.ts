import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ThrottleQueue } from './throttle-queue.js';

const TICK_MS = 20;

describe('the queue of those who wait', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function waiting() {
    const dueAt = new Map<number, number>();
    const queue = new ThrottleQueue((id) => dueAt.set(id, performance.now()));
    return { queue, dueAt };
  }

  it('has each out at its time, a tick late at most, and never early', () => {
    const { queue, dueAt } = waiting();
    const startMs = performance.now();
    for (let waitMs = 1; waitMs <= 5_000; waitMs += 7) queue.add(waitMs, waitMs);
    expect(queue.waiting).toBe(715);
    vi.advanceTimersByTime(5_100);
    expect(dueAt.size).toBe(715);
    for (const [waitMs, atMs] of dueAt) {
      expect(atMs - startMs).toBeGreaterThanOrEqual(waitMs);
      expect(atMs - startMs).toBeLessThanOrEqual(waitMs + 2 * TICK_MS);
    }
    expect(queue.waiting).toBe(0);
  });

  it('looks at who waits very long now and then, each in its turn', () => {
    const looks: number[] = [];
    const startMs = performance.now();
    const untilMs = startMs + 60_000;
    const queue = new ThrottleQueue((id) => {
      looks.push(performance.now() - startMs);
      if (performance.now() < untilMs) queue.add(id, untilMs - performance.now());
    });
    queue.add(7, 60_000);
    vi.advanceTimersByTime(70_000);
    expect(looks.length).toBeLessThan(10);
    expect(looks.at(-1)).toBeGreaterThanOrEqual(60_000);
    expect(looks.at(-1)).toBeLessThanOrEqual(60_000 + 2 * TICK_MS);
    expect(queue.waiting).toBe(0);
  });

  it('forgets nobody when a turn took longer than all that it can hold', () => {
    const { queue, dueAt } = waiting();
    for (let id = 1; id <= 500; id++) queue.add(id, id * TICK_MS);
    const later = performance.now() + 60_000;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => later);
    vi.advanceTimersToNextTimer();
    clock.mockRestore();
    expect([...dueAt.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
    expect(queue.waiting).toBe(0);
  });

  it('tells the time of the last tick, and has no timer while nobody wants to know', () => {
    const { queue } = waiting();
    vi.advanceTimersByTime(12_345);
    const first = queue.nowMs;
    expect(first).toBe(performance.now());
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(TICK_MS - 1);
    expect(queue.nowMs).toBe(first);
    vi.advanceTimersByTime(1);
    expect(queue.nowMs).toBe(performance.now());
    vi.advanceTimersByTime(3 * TICK_MS);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(500);
    expect(queue.nowMs).toBe(performance.now());
  });

  it('ends with stop', () => {
    const { queue, dueAt } = waiting();
    queue.add(1, 100);
    queue.stop();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(dueAt.size).toBe(0);
  });
});
