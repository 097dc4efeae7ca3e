/** What a worker has counted since it started, and what waits in it now. */
export interface WorkerStats {
  /** Handlers that came to their end, or whose exception a filter took. */
  readonly handled: number;
  /** Handlers that threw, and no filter took it. */
  readonly failed: number;
  /** Handlers that did not settle within `handlerTimeoutMs`. */
  readonly timedOut: number;
  /** Clients that an `@OnConnect` denied. */
  readonly denied: number;
  /** Envelopes that name an event without a handler. */
  readonly unknownEvents: number;
  /** Text messages that are no envelope although handlers name events. */
  readonly badEnvelopes: number;
  /** Sessions or details in events that could not be read. */
  readonly badEvents: number;
  /** Events that were done with, and their gateways told so. 0 over the base protocol, as the two that follow. */
  readonly acknowledged: number;
  /** Events that another worker had before, which went away before it was done with them. */
  readonly redelivered: number;
  /** Events that were waiting when the link on which they had come ended: another worker has them. */
  readonly dropped: number;
  /** Events that are there now: with a handler that has not settled, or behind such a one. */
  readonly waitingEvents: number;
  /** The memory that these take, more or less; see `maxWaitingBytes`. */
  readonly waitingBytes: number;
  /** Clients whose session was written to here, and of whom events with the former session are here or may still come. */
  readonly overlaidSessions: number;
}

export type WorkerCounters = {
  -readonly [
    Name in Exclude<keyof WorkerStats, 'waitingEvents' | 'waitingBytes' | 'overlaidSessions'>
  ]: number;
};

export function zeroCounters(): WorkerCounters {
  return {
    handled: 0,
    failed: 0,
    timedOut: 0,
    denied: 0,
    unknownEvents: 0,
    badEnvelopes: 0,
    badEvents: 0,
    acknowledged: 0,
    redelivered: 0,
    dropped: 0,
  };
}
