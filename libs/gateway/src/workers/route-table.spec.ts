import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Link } from '#link';
import { RouteTable } from './route-table.js';
import { WorkerLink } from './worker-link.js';

const QUIET_MS = 5_000;
const SLOT = 1;

/** A worker whose link says whether it is behind: all that the table asks of it. */
function worker(id: number, isCongested = false): WorkerLink {
  return new WorkerLink(id, { isCongested } as Link, []);
}

describe('the routes of clients', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function routed(quietMs: number, to: WorkerLink): RouteTable {
    const routes = new RouteTable(quietMs);
    routes.start();
    routes.set(SLOT, to);
    return routes;
  }

  it('stay while a client has events, however long ago the workers changed', () => {
    const old = worker(1);
    const routes = routed(QUIET_MS, old);
    routes.outdate();
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(QUIET_MS - 1);
      expect(routes.use(SLOT)).toBe(old);
    }
  });

  it('are asked for anew once it was quiet, not earlier and a fifth later at most', () => {
    for (const offsetMs of [0, 1, 250, 499]) {
      const routes = routed(QUIET_MS, worker(1));
      vi.advanceTimersByTime(offsetMs);
      expect(routes.use(SLOT)).toBeDefined();
      routes.outdate();
      let quietMs = 0;
      // `use` itself ends the quiet, so each moment is looked at in a table of its own.
      for (; quietMs <= QUIET_MS; quietMs += 500) vi.advanceTimersByTime(500);
      vi.advanceTimersByTime(QUIET_MS / 5 - 500);
      expect(routes.use(SLOT)).toBeUndefined();
      routes.stop();
    }
    for (const offsetMs of [0, 1, 250, 499]) {
      const routes = routed(QUIET_MS, worker(1));
      vi.advanceTimersByTime(offsetMs);
      routes.use(SLOT);
      routes.outdate();
      vi.advanceTimersByTime(QUIET_MS);
      expect(routes.use(SLOT)).toBeDefined();
      routes.stop();
    }
  });

  it('stay for ever when no worker comes or goes, and while the worker is behind', () => {
    const old = worker(1);
    const calm = routed(QUIET_MS, old);
    vi.advanceTimersByTime(100 * QUIET_MS);
    expect(calm.use(SLOT)).toBe(old);
    const behind = worker(2, true);
    const waiting = routed(QUIET_MS, behind);
    waiting.outdate();
    vi.advanceTimersByTime(100 * QUIET_MS);
    expect(waiting.use(SLOT)).toBe(behind);
  });

  it('are left at once when the worker goes, and with 0 when any comes or goes', () => {
    const [gone, stays] = [worker(1), worker(2)];
    const routes = routed(QUIET_MS, gone);
    routes.set(SLOT + 1, stays);
    routes.leave(gone);
    routes.outdate();
    expect(routes.use(SLOT)).toBeUndefined();
    expect(routes.use(SLOT + 1)).toBe(stays);
    const hasty = routed(0, stays);
    expect(hasty.use(SLOT)).toBe(stays);
    hasty.outdate();
    expect(hasty.use(SLOT)).toBeUndefined();
  });

  it('need one timer, and none with 0', () => {
    const before = vi.getTimerCount();
    const routes = routed(QUIET_MS, worker(1));
    routed(0, worker(1));
    expect(vi.getTimerCount()).toBe(before + 1);
    routes.stop();
    expect(vi.getTimerCount()).toBe(before);
  });
});
