import { Worker } from 'node:worker_threads';

/** Shorter gaps than this are waited for by polling. */
const SHORTEST_NAP_MS = 0.2;

/**
 * Sleeps to each due time and wakes the generator's thread. A thread, because timers of Node's event loop count whole milliseconds;
 * as text, so that it runs the same from sources and from the build.
 */
const NAPPER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { cell, gapMs } = workerData;
  const now = () => performance.timeOrigin + performance.now();
  for (let dueMs = workerData.dueMs; Atomics.load(cell, 0) === 0; dueMs += gapMs) {
    const waitMs = dueMs - now();
    if (waitMs > 0) Atomics.wait(cell, 0, 0, waitMs);
    else if (waitMs < -gapMs) dueMs = now(); // late: it is not made up for here, the generator sends all that is due
    parentPort.postMessage(0);
  }
`;

/** When each of evenly spaced things is due. Late ones keep their time, so that latency counts from when they should have gone. */
export class Pacer {
  readonly #gapMs: number;
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #startMs = 0;
  #taken = 0;
  #isRunning = false;
  #worker: Worker | undefined;

  /** @param ratePerS things a second */
  constructor(
    ratePerS: number,
    private readonly onDue: () => void,
  ) {
    this.#gapMs = 1000 / ratePerS;
  }

  start(): void {
    this.#isRunning = true;
    this.#startMs = performance.now();
    if (this.#gapMs < SHORTEST_NAP_MS) return this.#poll();
    const workerData = {
      cell: this.#cell,
      gapMs: this.#gapMs,
      dueMs: performance.timeOrigin + this.#startMs,
    };
    this.#worker = new Worker(NAPPER, { eval: true, workerData });
    this.#worker.on('message', () => {
      if (this.#isRunning) this.onDue();
    });
  }

  /** When the next one is due, as `performance.now()` counts. */
  get dueMs(): number {
    return this.#startMs + this.#taken * this.#gapMs;
  }

  /** The next one is dealt with. */
  take(): void {
    this.#taken++;
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    Atomics.store(this.#cell, 0, 1);
    Atomics.notify(this.#cell, 0);
    await this.#worker?.terminate();
  }

  /** Exact, at the price of a whole core. */
  #poll(): void {
    if (!this.#isRunning) return;
    this.onDue();
    setImmediate(() => this.#poll());
  }
}
