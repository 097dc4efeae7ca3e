import type { WorkerStats, WorkerStrategy } from '../../../../src/index.js';

/** What a worker says of itself. */
export type WorkerProbe = WorkerStats;

export function workerProbe({ stats }: WorkerStrategy): WorkerProbe {
  return { ...stats };
}
