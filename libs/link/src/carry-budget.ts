/** What the unfinished frames of many links may hold together, so that many strangers get no more memory than a few. */
export class CarryBudget {
  #usedBytes = 0;

  /** @param limitBytes 0 sets no limit */
  constructor(readonly limitBytes: number) {}

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** A link holds so much more, or less. @returns false when that is more than there is. */
  change(bytes: number): boolean {
    this.#usedBytes += bytes;
    return bytes <= 0 || this.limitBytes === 0 || this.#usedBytes <= this.limitBytes;
  }
}
