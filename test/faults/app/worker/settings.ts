import type { WorkerModuleOptions } from '../../../../src/index.js';

/** What a scenario tells a worker at its start, as JSON in its first argument. */
export interface WorkerSettings {
  /** In answers and in the gateways' logs, so that it can be seen whose they are. */
  readonly name: string;
  /** The file of its journal. */
  readonly journal: string;
  /** What the times that handlers take are made of. */
  readonly seed: number;
  /** Longest time that a slow message takes. */
  readonly slowestMs: number;
  /** What differs from the defaults. */
  readonly options: WorkerModuleOptions;
}

/** What handlers inject the settings by. */
export const SETTINGS = Symbol('settings of a scenario');
