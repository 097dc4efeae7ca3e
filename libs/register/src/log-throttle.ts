/** Lets one line of a kind through an interval, so that a peer that tries ten times a second does not fill the disk. */
export class LogThrottle {
  readonly #kinds = new Map<string, { quietUntil: number; leftOut: number }>();

  constructor(private readonly intervalMs: number) {}

  /** @param write is given a remark on the lines that were left out since the last one, or '' */
  run(kind: string, write: (remark: string) => void): void {
    const now = Date.now();
    const last = this.#kinds.get(kind);
    if (last !== undefined && now < last.quietUntil) {
      last.leftOut++;
      return;
    }
    this.#kinds.set(kind, { quietUntil: now + this.intervalMs, leftOut: 0 });
    write(
      last === undefined || last.leftOut === 0
        ? ''
        : ` (and ${last.leftOut} more like it since the last line)`,
    );
  }

  /** The trouble is over: the next line of any kind is news again. */
  reset(): void {
    this.#kinds.clear();
  }
}
