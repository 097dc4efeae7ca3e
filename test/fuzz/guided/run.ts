import type { FuzzTarget } from '../contract.js';
import { runTarget } from '../contract.js';
import { withDeadline } from '../deadline.js';
import type { BlockCoverage } from './block-coverage.js';
import { cutsOf, Fuzzer, type Finding, type FuzzerProgress } from './fuzzer.js';
import { Random } from './random.js';
import { shrunk } from './shrink.js';

/** What keeps inputs from one run to the next. */
export interface Inputs {
  corpus(): Buffer[];
  keep(input: Buffer): void;
}

export interface RunOptions {
  readonly target: FuzzTarget;
  readonly coverage: BlockCoverage;
  readonly seed: number;
  readonly inputs: Inputs;
  /** Asked before each batch. */
  readonly isOver: (progress: FuzzerProgress) => boolean;
}

export interface RunResult {
  /** After the seeds and the corpus of earlier runs, before anything was changed. */
  readonly started: FuzzerProgress;
  readonly ended: FuzzerProgress;
  /** Made as small as it gets. */
  readonly finding: Finding | undefined;
}

const SHRINK_DEADLINE_MS = 1_000;

/** Fuzzes until a contract is broken or it is over. */
export function fuzz({ target, coverage, seed, inputs, isOver }: RunOptions): RunResult {
  const fuzzer = new Fuzzer(target, coverage, new Random(seed), (input) => inputs.keep(input));
  let finding = fuzzer.start([...target.seeds, ...inputs.corpus()]);
  const started = fuzzer.progress;
  while (finding === undefined && !isOver(fuzzer.progress)) finding = fuzzer.step();
  return {
    started,
    ended: fuzzer.progress,
    finding: finding === undefined ? undefined : shrunkFinding(target, finding),
  };
}

/** @returns what an input does to its target, if it breaks the contract */
export function failureOf(target: FuzzTarget, input: Buffer): Error | undefined {
  try {
    withDeadline(SHRINK_DEADLINE_MS, () => void runTarget(target, input, cutsOf(input)));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function shrunkFinding(target: FuzzTarget, finding: Finding): Finding {
  const input = shrunk(finding.input, (candidate) => failureOf(target, candidate) !== undefined);
  return { input, error: failureOf(target, input) ?? finding.error };
}
