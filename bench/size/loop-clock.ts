import { performance, PerformanceObserver } from 'node:perf_hooks';
import { threadMs } from './cpu-time.js';

/** Shorter turns are not looked at any closer. */
const NOTABLE_MS = 1;

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

interface Turn extends Span {
  /** What this thread ran of it: the rest other processes had. */
  readonly ranMs: number;
}

export interface Stops {
  /** The longest turn of the event loop, without what the garbage collector or other processes took of it. */
  readonly longestMs: number;
  /** The longest turn as it was seen from outside. */
  readonly longestSeenMs: number;
  /** The longest pause of the garbage collector. */
  readonly longestGcMs: number;
}

/**
 * Takes the time of every turn of the event loop: whatever runs in a turn, everybody else waits for it. Pauses of the garbage
 * collector are taken apart, because they come from how much there is in memory, not from what was being done; and so is the time in
 * which a machine that is shared ran something else.
 */
export class LoopClock {
  readonly #observer = new PerformanceObserver((list) => this.#noteGc(list.getEntries()));
  #turns: Turn[] = [];
  #pauses: Span[] = [];
  #isRunning = false;
  #turnStartMs = 0;
  #ranBeforeMs = 0;

  start(): void {
    this.#turns = [];
    this.#pauses = [];
    this.#observer.observe({ entryTypes: ['gc'] });
    this.#isRunning = true;
    this.#turnStartMs = performance.now();
    this.#ranBeforeMs = threadMs();
    setImmediate(this.#tick);
  }

  async stop(): Promise<Stops> {
    // The last turn is timed, and the last pauses are told, in the turns that follow.
    for (let i = 0; i < 3; i++) await nextTurn();
    this.#isRunning = false;
    this.#noteGc(this.#observer.takeRecords());
    this.#observer.disconnect();
    return {
      longestMs: Math.max(0, ...this.#turns.map((turn) => this.#ownMs(turn))),
      longestSeenMs: Math.max(0, ...this.#turns.map(({ startMs, endMs }) => endMs - startMs)),
      longestGcMs: Math.max(0, ...this.#pauses.map(({ startMs, endMs }) => endMs - startMs)),
    };
  }

  readonly #tick = (): void => {
    if (!this.#isRunning) return;
    const nowMs = performance.now();
    const ranMs = threadMs();
    if (nowMs - this.#turnStartMs >= NOTABLE_MS) {
      this.#turns.push({ startMs: this.#turnStartMs, endMs: nowMs, ranMs: ranMs - this.#ranBeforeMs });
    }
    this.#ranBeforeMs = ranMs;
    this.#turnStartMs = nowMs;
    setImmediate(this.#tick);
  };

  #noteGc(entries: readonly { readonly startTime: number; readonly duration: number }[]): void {
    for (const { startTime, duration } of entries)
      this.#pauses.push({ startMs: startTime, endMs: startTime + duration });
  }

  #ownMs({ startMs, endMs, ranMs }: Turn): number {
    let gcMs = 0;
    for (const pause of this.#pauses)
      gcMs += Math.max(0, Math.min(endMs, pause.endMs) - Math.max(startMs, pause.startMs));
    // Which part of the collector's pauses this thread ran is not known, so this is the smaller of two figures that are both too high:
    // far too high where other processes interrupt a collection.
    return Math.min(endMs - startMs - gcMs, ranMs);
  }
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
