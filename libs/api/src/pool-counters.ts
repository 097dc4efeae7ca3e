/** What went wrong without a caller who could have been told. All of them count from the start of the process. */
export interface PoolCounters {
  /** Commands whose gateway was not reachable, not known, or came back too late. */
  droppedCommands: number;
  /** Gateways that did not say in time who has the uid of a `sendToUid`: their clients did not get the message. */
  failedUidSends: number;
  /** Replies that came after their callers had given up, and were dropped. */
  lateReplies: number;
  /**
   * Links that were in use and did not end by our own wish: cut, closed by the gateway, silent, or ended for what came on them. One
   * to a worker that ends because its gateway stops in order is none of them.
   */
  lostLinks: number;
}

export function noCounts(): PoolCounters {
  return { droppedCommands: 0, failedUidSends: 0, lateReplies: 0, lostLinks: 0 };
}
