import { performance } from 'node:perf_hooks';
import { LoopClock, nextTurn } from './loop-clock.js';

/** So many small commands come in one chunk off a link, and so are executed in one turn. */
export const COMMANDS_A_TURN = 1_000;

export interface Measured {
  readonly name: string;
  /** How many operations, or for one large operation how many items it is about. */
  readonly count: number;
  readonly totalMs: number;
  readonly perItemUs: number;
  /** The longest turn of the event loop, without what the garbage collector and other processes took. */
  readonly longestStopMs: number;
  /** The longest turn as it was seen from outside. */
  readonly longestSeenMs: number;
  readonly longestGcMs: number;
}

/** Runs operations and takes their time. */
export class Stopwatch {
  readonly results: Measured[] = [];
  readonly #clock = new LoopClock();

  /** Many small operations, a chunk of them a turn. */
  async many(
    name: string,
    count: number,
    run: (index: number) => void,
    perTurn = COMMANDS_A_TURN,
  ): Promise<void> {
    await this.#measure(name, count, async () => {
      for (let i = 0; i < count; i++) {
        if (i % perTurn === 0) await nextTurn();
        run(i);
      }
    });
  }

  /** One large operation. @param settled resolves when it is done */
  async one(name: string, count: number, run: () => void, settled: () => Promise<void>): Promise<void> {
    await this.#measure(name, count, async () => {
      run();
      await settled();
    });
  }

  async #measure(name: string, count: number, work: () => Promise<void>): Promise<void> {
    await nextTurn();
    this.#clock.start();
    const startMs = performance.now();
    await work();
    const totalMs = performance.now() - startMs;
    const { longestMs, longestSeenMs, longestGcMs } = await this.#clock.stop();
    const perItemUs = (totalMs * 1_000) / count;
    this.results.push({
      name,
      count,
      totalMs,
      perItemUs,
      longestStopMs: longestMs,
      longestSeenMs,
      longestGcMs,
    });
  }
}
