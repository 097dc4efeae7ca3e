/** What is kept by slot. */
export interface Slotted {
  /** Holds its slot: see `SlotAllocator`. */
  readonly id: number;
}

/**
 * Members that can be visited a stretch at a time, while others come and go in between: who is there all the time is met exactly
 * once, who was never there is never met.
 */
export interface MemberRange<Member> {
  readonly size: number;
  /**
   * Visits members whose slot is at least `from`: about `limit` of them, or, where a range is small, all.
   * @returns where to go on; `END_OF_SLOTS` when all have been visited
   */
  visit(from: number, limit: number, visitor: (member: Member) => void): number;
  /** The first ids, ascending, of members whose slot is at least `from`; at most `limit`. */
  ids(from: number, limit: number): number[];
  [Symbol.iterator](): IterableIterator<Member>;
}
