import type { ScenarioProcess } from './scenario-process.js';

/** How much longer everything takes processes than it would if they had the processor whenever they wanted it: what the machine, and not they, are to blame for. */
export class ProcessorWatch {
  readonly #before: readonly ProcessorTimes[];

  constructor(private readonly processes: readonly ScenarioProcess[]) {
    this.#before = processes.map(({ processorTimes }) => processorTimes);
  }

  /** @returns of the one that had to wait most since then: 1 when it never waited, 2 when it waited as long as it ran */
  get slowdown(): number {
    const slowdowns = this.processes.map(({ processorTimes: { ranMs, waitedMs } }, at) => {
      const before = this.#before[at]!;
      return 1 + (waitedMs - before.waitedMs) / Math.max(1, ranMs - before.ranMs);
    });
    return Math.max(...slowdowns);
  }
}

/** Of the thread that runs JavaScript. */
export interface ProcessorTimes {
  readonly ranMs: number;
  /** It had something to do, and others had the processor. */
  readonly waitedMs: number;
}
