/** What may happen with messages for a client whose socket does not take them. */
export const WHEN_SLOW = ['close', 'dropNewest', 'dropOldest', 'keepLatest'] as const;

export type WhenSlow = (typeof WHEN_SLOW)[number];

/** Those under which messages are given up, and not the client. */
export type DropPolicy = Exclude<WhenSlow, 'close'>;

/** What has been given up for slow clients, of all that share these numbers. */
export interface DropCounters {
  /** For want of room. */
  readonly messagesDropped: Record<DropPolicy, number>;
  /** A newer one with the same key took the place. */
  messagesReplaced: number;
}
