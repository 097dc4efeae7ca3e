import { resolveOptions, wholeNumber, type OptionChecks } from '#protocol';

export interface WorkerOptions {
  /**
   * How long a handler may take, in milliseconds. After that it is reported and counted, the caller gets the error
   * `TIMEOUT`, and the next event of that client is handled; what the late one still returns is dropped. Without it one
   * forgotten promise would stop its client's events for ever, which is what 0 allows.
   * @default 30_000
   */
  readonly handlerTimeoutMs: number;
  /**
   * How long closing waits for events that are being handled, in milliseconds, and then once more for `@OnWorkerStop`
   * and for the last commands to be sent. 0 waits for ever.
   * @default 10_000
   */
  readonly drainTimeoutMs: number;
}

export const DEFAULT_WORKER_OPTIONS: WorkerOptions = { handlerTimeoutMs: 30_000, drainTimeoutMs: 10_000 };

/** Longest delay that Node's timers take: beyond it they fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const CHECKS: OptionChecks<WorkerOptions> = {
  handlerTimeoutMs: wholeNumber(0, MAX_TIMER_MS),
  drainTimeoutMs: wholeNumber(0, MAX_TIMER_MS),
};

/** @throws InvalidOptionError for an unknown option, and for a value out of range */
export function resolveWorkerOptions(given: Partial<WorkerOptions>): WorkerOptions {
  return resolveOptions('worker', DEFAULT_WORKER_OPTIONS, given, CHECKS);
}
