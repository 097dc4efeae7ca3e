/** What a step has that begins when nothing is left, as a part of the whole. */
const LAST_SHARE = 0.1;

/**
 * One deadline for all steps of a closing: so much is left for the next one. A step that begins late, because those before
 * it hung, has a tenth of the whole all the same: the last commands are sent in less.
 */
export class ClosingDeadline {
  readonly #wholeMs: number;
  readonly #endMs: number;

  /** @param wholeMs from now; 0 is for ever */
  constructor(wholeMs: number) {
    this.#wholeMs = wholeMs;
    this.#endMs = performance.now() + wholeMs;
  }

  /** For a step that begins now, in whole milliseconds; 0 is for ever. */
  get leftMs(): number {
    if (this.#wholeMs === 0) return 0;
    return Math.ceil(Math.max(this.#endMs - performance.now(), this.#wholeMs * LAST_SHARE));
  }
}
