/** Which way bytes go through a proxy: from who dialled to the target, or back. */
export type Direction = 'toTarget' | 'toDialer';
export type Directions = Direction | 'both';

/** What happens to bytes that go one way. Read anew for each chunk, so that it can be changed at any time. */
export interface DirectionFaults {
  delayMs: number;
  jitterMs: number;
  /** 0 leaves chunks as they are. */
  chunkBytes: number;
  isFrozen: boolean;
  isSwallowing: boolean;
}

export function noFaults(): DirectionFaults {
  return { delayMs: 0, jitterMs: 0, chunkBytes: 0, isFrozen: false, isSwallowing: false };
}
