import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadlineWatch, type Watched } from './deadline-watch.js';

describe('deadlines', () => {
  let watch: DeadlineWatch;
  let expired: string[];

  const item = (name: string): Watched => ({ expire: () => void expired.push(name) });

  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
    });
    watch = new DeadlineWatch();
    expired = [];
  });

  afterEach(() => {
    watch.close();
    vi.useRealTimers();
  });

  it('expire in the order of their times, whatever their lengths', async () => {
    watch.watch(item('300'), 300);
    watch.watch(item('100'), 100);
    watch.watch(item('200'), 200);
    await vi.advanceTimersByTimeAsync(150);
    expect(expired).toEqual(['100']);
    watch.watch(item('100 later'), 100);
    await vi.advanceTimersByTimeAsync(60);
    expect(expired).toEqual(['100', '200']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(expired).toEqual(['100', '200', '100 later', '300']);
  });

  it('do not expire when they are forgotten', async () => {
    const forgotten = item('forgotten');
    watch.watch(forgotten, 100);
    watch.watch(item('kept'), 100);
    watch.forget(forgotten, 100);
    await vi.advanceTimersByTimeAsync(200);
    expect(expired).toEqual(['kept']);
  });

  it('take one timer for any number', () => {
    for (let i = 0; i < 1_000; i++) watch.watch(item('x'), 100);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('may begin anew while one expires', async () => {
    const again: Watched = {
      expire() {
        expired.push('again');
        if (expired.length < 3) watch.watch(again, 50);
      },
    };
    watch.watch(again, 50);
    await vi.advanceTimersByTimeAsync(500);
    expect(expired).toEqual(['again', 'again', 'again']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('expire no more after close', async () => {
    watch.watch(item('x'), 100);
    watch.close();
    await vi.advanceTimersByTimeAsync(200);
    expect(expired).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
