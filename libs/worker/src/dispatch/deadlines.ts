/**
 * One time limit for many things, with one timer: they all have the same time, so the one that began first is the next
 * to be late. Beginning and ending cost a map entry each, and nothing is kept of what has ended.
 */
export class Deadlines<Entry> {
  readonly #limitMs: number;
  readonly #expired: (entry: Entry) => void;
  readonly #startedAt = new Map<Entry, number>();
  #timer: NodeJS.Timeout | undefined;
  #lastLook: NodeJS.Immediate | undefined;

  /** @param limitMs 0: nothing is ever late */
  constructor(limitMs: number, expired: (entry: Entry) => void) {
    this.#limitMs = limitMs;
    this.#expired = expired;
  }

  begin(entry: Entry): void {
    if (this.#limitMs === 0) return;
    this.#startedAt.set(entry, performance.now());
    this.#timer ??= this.#arm(this.#limitMs);
  }

  end(entry: Entry): void {
    // The timer stays: it finds the map empty, or the next one to wait for.
    this.#startedAt.delete(entry);
  }

  stop(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#lastLook);
    this.#timer = undefined;
    this.#startedAt.clear();
  }

  #arm(delayMs: number): NodeJS.Timeout {
    // Timers run before sockets are read. After a standstill of this process, what handlers wait for lies in the sockets
    // already: it is read first, and no handler is blamed for it.
    const timer = setTimeout(() => (this.#lastLook = setImmediate(() => this.#check())), delayMs);
    // What it watches over keeps the process alive, or nothing does.
    return timer.unref();
  }

  #check(): void {
    // Under fake timers it is theirs, and must not be cleared when they are gone.
    this.#lastLook = undefined;
    this.#timer = undefined;
    const now = performance.now();
    for (const [entry, startedAt] of this.#startedAt) {
      const leftMs = startedAt + this.#limitMs - now;
      if (leftMs > 0) {
        // What began while others expired may have armed it, and is late after this one.
        clearTimeout(this.#timer);
        this.#timer = this.#arm(Math.ceil(leftMs));
        return;
      }
      this.#startedAt.delete(entry);
      this.#expired(entry);
    }
  }
}
