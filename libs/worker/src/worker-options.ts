import { milliseconds, resolveOptions, wholeNumber, type OptionChecks } from '#protocol';

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
  /**
   * Most bytes of events of one gateway that may be with handlers that have not settled, or wait behind them: payload, session
   * and an overhead for each. Above it that gateway is not read, until less than half of it is left: what its clients send
   * waits in the gateway, and then in the clients themselves. The rest of what
   * was read at once, and one large event, may exceed it. 0 disables it.
   * @default 16_777_216 (16 MiB)
   */
  readonly maxWaitingBytes: number;
}

export const DEFAULT_WORKER_OPTIONS: WorkerOptions = {
  handlerTimeoutMs: 30_000,
  drainTimeoutMs: 10_000,
  maxWaitingBytes: 16 * 1024 * 1024,
};

const CHECKS: OptionChecks<WorkerOptions> = {
  handlerTimeoutMs: milliseconds(0),
  drainTimeoutMs: milliseconds(0),
  maxWaitingBytes: wholeNumber(0),
};

/** @throws InvalidOptionError for an unknown option, and for a value out of range */
export function resolveWorkerOptions(given: Partial<WorkerOptions>): WorkerOptions {
  return resolveOptions('worker', DEFAULT_WORKER_OPTIONS, given, CHECKS);
}
