/** What went wrong without a caller who could have been told. All of them count from the start of the process. */
export interface PoolCounters {
  /** Commands whose gateway was not reachable, not known, or came back too late. */
  droppedCommands: number;
  /** Gateways that did not say in time who has the uid of a `sendToUid`: their clients did not get the message. */
  failedUidSends: number;
  /** Replies that came after their callers had given up, and were dropped. */
  lateReplies: number;
}

export function noCounts(): PoolCounters {
  return { droppedCommands: 0, failedUidSends: 0, lateReplies: 0 };
}
