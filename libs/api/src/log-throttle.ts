import type { LogFacts, NodeLog } from '#link';

const INTERVAL_MS = 10_000;

interface Warned {
  atMs: number;
  suppressed: number;
}

/** Says each kind of warning at once, then at most every ten seconds: a gateway that is down must not fill the disk. */
export class LogThrottle {
  readonly #log: NodeLog;
  readonly #warned = new Map<string, Warned>();

  constructor(log: NodeLog) {
    this.#log = log;
  }

  /**
   * @param kind a fixed word: what is counted together
   * @param facts told with `suppressed`, the number of warnings of this kind that were left out since the last one
   */
  warn(kind: string, text: string, facts: LogFacts): void {
    const nowMs = performance.now();
    const last = this.#warned.get(kind);
    if (last !== undefined && nowMs - last.atMs < INTERVAL_MS) {
      last.suppressed++;
      return;
    }
    this.#warned.set(kind, { atMs: nowMs, suppressed: 0 });
    const suppressed = last?.suppressed ?? 0;
    this.#log.warn(text, suppressed === 0 ? facts : { ...facts, suppressed });
  }
}
