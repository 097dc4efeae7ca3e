/** So many connections are visited, or names listed, in one turn of the event loop at most; more take several. */
export const MOST_AT_ONCE = 8_192;
/** Of more, so many a turn: a millisecond or two, also when none of them is in the processor's cache. */
export const STEP_SIZE = 4_096;
/** For what is done at once. */
export const NO_LIMIT = Number.POSITIVE_INFINITY;

/**
 * Work that is too long for one turn of the event loop. Each step of the iterator fits one; what it yields is a part of the result:
 * for a list its next items, for what has no result nothing.
 */
export class InSteps<Part = void> {
  constructor(readonly steps: Iterator<Part, void>) {}
}
