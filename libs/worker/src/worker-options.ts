import { milliseconds, resolveOptions, wholeNumber, type OptionChecks } from '#protocol';

export interface WorkerOptions {
  /**
   * How long a handler may take, in milliseconds. After that it is reported and counted, the caller gets the error
   * `TIMEOUT`, and the next event of that client is handled; what the late one still returns is dropped. Without it one
   * forgotten promise would stop its client's events for ever, and keep a gateway whose link has ended from being linked again,
   * which is what 0 allows.
   * @default 30_000
   */
  readonly handlerTimeoutMs: number;
  /**
   * How long closing may take, in milliseconds: the events that are being handled, `@OnGatewayLost`, `@OnWorkerStop` and the last
   * commands share it, and what begins when it is over, or nearly, has a tenth of it, each hook too. Events that are not done with
   * by then are given up: another worker gets them, marked as redelivered. With the time that `link.closeTimeoutMs` gives
   * the links, it has to stay below what the process is given between SIGTERM and SIGKILL. 0 waits for ever.
   * @default 10_000
   */
  readonly drainTimeoutMs: number;
  /**
   * Most bytes of events of one gateway that may be with handlers that have not settled, or wait behind them: payload, session
   * and an overhead for each. The gateway is told, and stops reading its clients when so much is not done with: what they send
   * waits with them. 0 leaves it to the gateway.
   *
   * Over the base protocol the worker does not read such a gateway, until less than half of it is left; the rest of what was
   * read at once, and one large event, may exceed it. 0 disables it there.
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
