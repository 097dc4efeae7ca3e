/** What may happen when a client sends more than it may. */
export const WHEN_THROTTLED = ['delay', 'drop', 'close'] as const;

export type WhenThrottled = (typeof WHEN_THROTTLED)[number];
