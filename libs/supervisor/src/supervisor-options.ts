import {
  InvalidOptionError,
  milliseconds,
  resolveOptions,
  text,
  wholeNumber,
  oneOf,
  type OptionCheck,
} from '#protocol';
import type { ProcessPlace } from './process-place.js';

/** Processes that are alike: they run the same file, and each holds one of the places. */
export interface ProcessGroupOptions {
  /**
   * What they are called in the log: `gateway` makes `gateway 1/4`.
   * @default 'process'
   */
  readonly name: string;
  /**
   * How many; at most 1,024.
   * @default 1
   */
  readonly processes: number;
  /**
   * What each of them runs: a path, or the URL of a module.
   * @default the file that this process was started with
   */
  readonly file: string;
  /** Variables of a process, beside those of the supervisor. @default none */
  readonly environmentOf: (place: ProcessPlace) => Readonly<Record<string, string>>;
  /**
   * What is done first when a process is replaced: `new-first` never has one less, `old-first` is for those who take over
   * something that only one can hold, such as a port.
   * @default 'new-first'
   */
  readonly replace: 'new-first' | 'old-first';
  /** Called with what a process said of itself when it became ready. What it throws is logged. @default nothing */
  readonly onReady: (place: ProcessPlace, facts: unknown) => void;
}

export interface SupervisorOptions {
  /**
   * Started and closed in this order. Reloaded the other way round, so that those who only answer are tried before those who
   * hold connections.
   */
  readonly groups: readonly Partial<ProcessGroupOptions>[];
  /**
   * Longest first wait before a process that crashed is started again. The wait is anything from 0 up to it, and the limit doubles with each crash.
   * @default 200
   */
  readonly minRestartDelayMs: number;
  /**
   * Longest wait, however often it crashed.
   * @default 30_000
   */
  readonly maxRestartDelayMs: number;
  /**
   * A process that was ready for so long has proved itself: when it crashes, the waits begin at `minRestartDelayMs` again.
   * @default 10_000
   */
  readonly stableAfterMs: number;
  /**
   * A process that is not ready by then is ended, so that one that hangs at its start does not hold its place for ever. 0 waits for ever.
   * @default 30_000
   */
  readonly readyTimeoutMs: number;
  /**
   * A process that has not ended by then after SIGTERM is ended with SIGKILL. Longer than it takes to drain. 0 waits for ever.
   * @default 30_000
   */
  readonly stopTimeoutMs: number;
}

export type SupervisorTimes = Omit<SupervisorOptions, 'groups'>;

export const DEFAULT_SUPERVISOR_OPTIONS: SupervisorOptions = {
  groups: [],
  minRestartDelayMs: 200,
  maxRestartDelayMs: 30_000,
  stableAfterMs: 10_000,
  readyTimeoutMs: 30_000,
  stopTimeoutMs: 30_000,
};

export interface ResolvedSupervisorOptions extends SupervisorOptions {
  readonly groups: readonly ProcessGroupOptions[];
}

const MOST_PROCESSES = 1_024;

/** @throws InvalidOptionError for an unknown name, a wrong value, or values that contradict each other. */
export function resolveSupervisorOptions(given: Partial<SupervisorOptions>): ResolvedSupervisorOptions {
  const options = resolveOptions('supervisor', DEFAULT_SUPERVISOR_OPTIONS, given, {
    groups: someGroups,
    minRestartDelayMs: milliseconds(1),
    maxRestartDelayMs: milliseconds(1),
    stableAfterMs: milliseconds(0),
    readyTimeoutMs: milliseconds(0),
    stopTimeoutMs: milliseconds(0),
  });
  const { minRestartDelayMs, maxRestartDelayMs } = options;
  if (minRestartDelayMs > maxRestartDelayMs) {
    throw new InvalidOptionError(
      'supervisor.minRestartDelayMs',
      `must not be more than maxRestartDelayMs, which is ${maxRestartDelayMs}.`,
    );
  }
  return { ...options, groups: options.groups.map(resolveGroup) };
}

function resolveGroup(given: Partial<ProcessGroupOptions>): ProcessGroupOptions {
  const defaults: ProcessGroupOptions = {
    name: 'process',
    processes: 1,
    file: process.argv[1] ?? '',
    environmentOf: () => ({}),
    replace: 'new-first',
    onReady: () => undefined,
  };
  return resolveOptions('supervisor.groups', defaults, given, {
    name: text,
    processes: wholeNumber(1, MOST_PROCESSES),
    file: text,
    environmentOf: aFunction,
    replace: oneOf('new-first', 'old-first'),
    onReady: aFunction,
  });
}

const someGroups: OptionCheck = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((group) => typeof group === 'object')
    ? undefined
    : "must be a list such as [{ name: 'worker', processes: 2 }].";

const aFunction: OptionCheck = (value) => (typeof value === 'function' ? undefined : 'must be a function.');
