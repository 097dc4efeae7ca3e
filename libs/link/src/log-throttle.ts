import type { LogFacts, NodeLog } from './node-log.js';

const DEFAULT_INTERVAL_MS = 10_000;

/** Lets one line of a kind through an interval, so that a peer that tries ten times a second does not fill the disk. */
export class LogThrottle {
  readonly #kinds = new Map<string, { quietUntil: number; leftOut: number }>();

  constructor(private readonly intervalMs = DEFAULT_INTERVAL_MS) {}

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

  /** The usual case: a warning. */
  warn(log: NodeLog, kind: string, text: string, facts?: LogFacts): void {
    this.run(kind, (remark) => {
      // Nest's Logger would print an explicit `undefined` as a line of its own.
      if (facts === undefined) log.warn(text + remark);
      else log.warn(text + remark, facts);
    });
  }

  /** The trouble is over: the next line of any kind is news again. */
  reset(): void {
    this.#kinds.clear();
  }
}
