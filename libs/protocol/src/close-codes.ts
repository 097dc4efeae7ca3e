/** Why a gateway ended a client's connection: the WebSocket close code. Raw TCP clients see an end without a code. */
export const CloseCode = {
  /** The client or the application closed in the usual way. */
  Normal: 1000,
  /** The gateway goes for good: come back, elsewhere. */
  GoingAway: 1001,
  /** A guard of `@OnConnect` said no: do not come back with the same credentials. */
  Denied: 1008,
  /** A message was larger than the gateway takes. */
  MessageTooBig: 1009,
  /** The gateway restarts: come back at once, with jitter. */
  Restart: 1012,
  /** No worker took the client's events in time, or the gateway is full: come back later. */
  TryAgainLater: 1013,
  /** The client read too slowly. */
  SlowClient: 4001,
  /** The client did not answer a ping. */
  HeartbeatMissed: 4002,
  /** The client sent too much. */
  Throttled: 4003,
  /** `closeClient` was called. */
  ClosedByApplication: 4004,
  /** Not, or no longer, authenticated. */
  Unauthenticated: 4401,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];
