import { readFileSync } from 'node:fs';
import type { TargetName } from './targets.js';

export type GeneratorName = 'own' | 'wsload';

/** What a load generator reports, by field. */
export type Figures = Readonly<Record<string, number | string | boolean>>;

/** One run of one scenario against one target. */
export interface Run {
  readonly scenario: string;
  readonly target: TargetName;
  /** The targets that were measured in turn have the same number. */
  readonly repetition: number;
  readonly generator: GeneratorName;
  /** The generator's command line. */
  readonly args: readonly string[];
  /** Empty when the run failed. */
  readonly figures: Figures;
  /** Why it failed. */
  readonly error?: string;
}

/** What came of a part of the suite that is a program of its own. */
export interface PartOutcome {
  /** The JSON that it printed. */
  readonly output?: unknown;
  /** Why there is none. */
  readonly error?: string;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
}

/** What a run of the suite leaves, and what tables and plots are made from. */
export interface SuiteResults {
  readonly format: typeof FORMAT;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly commit: string | undefined;
  readonly command: string;
  readonly machine: Machine;
  /** Of all that was measured, by package. */
  readonly versions: Readonly<Record<string, string>>;
  /** That a run of a scenario with a target measures. */
  readonly seconds: number;
  readonly repetitions: number;
  /** Targets that were left out, and why. */
  readonly leftOut: readonly string[];
  readonly runs: readonly Run[];
  readonly parts: Readonly<Record<string, PartOutcome>>;
}

export const FORMAT = 'nestwire-bench-1';

/** @throws when the file holds something else */
export function readResults(path: string): SuiteResults {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if ((parsed as Partial<SuiteResults> | null)?.format === FORMAT) return parsed as SuiteResults;
  throw new Error(`${path} holds no results of this suite. Make some: npm run bench`);
}
