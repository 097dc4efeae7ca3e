/** Something that is told when its time is up. */
export interface Watched {
  expire(): void;
}

/**
 * Any number of deadlines on one timer.
 *
 * Deadlines of the same length expire in the order in which they began, so each length has a lane of its own and only
 * the front of a lane is looked at. An answered question costs one deletion, and no timer is touched.
 */
export class DeadlineWatch {
  /** By length in milliseconds; what is watched, with the time when it expires. */
  readonly #lanes = new Map<number, Map<Watched, number>>();
  #timer: NodeJS.Timeout | undefined;
  #sweepSoon: NodeJS.Immediate | undefined;
  #nextAt = Number.POSITIVE_INFINITY;

  watch(item: Watched, lengthMs: number): void {
    const at = performance.now() + lengthMs;
    let lane = this.#lanes.get(lengthMs);
    if (lane === undefined) {
      lane = new Map();
      this.#lanes.set(lengthMs, lane);
    }
    lane.set(item, at);
    if (at < this.#nextAt) this.#arm(at);
  }

  /** @param lengthMs the same as in `watch` */
  forget(item: Watched, lengthMs: number): void {
    this.#lanes.get(lengthMs)?.delete(item);
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#sweepSoon);
    this.#lanes.clear();
    this.#nextAt = Number.POSITIVE_INFINITY;
  }

  #arm(at: number): void {
    clearTimeout(this.#timer);
    this.#nextAt = at;
    // Timers run before sockets are read. After this process was blocked for longer than a deadline, the answers lie in
    // the sockets already: they are read first, and nobody is blamed for our own pause.
    this.#timer = setTimeout(
      () => (this.#sweepSoon = setImmediate(() => this.#sweep())),
      Math.ceil(at - performance.now()),
    );
  }

  #sweep(): void {
    const now = performance.now();
    let nextAt = Number.POSITIVE_INFINITY;
    this.#nextAt = nextAt;
    for (const [lengthMs, lane] of this.#lanes) {
      for (const [item, at] of lane) {
        if (at > now) {
          nextAt = Math.min(nextAt, at);
          break;
        }
        lane.delete(item);
        item.expire();
      }
      if (lane.size === 0) this.#lanes.delete(lengthMs);
    }
    // What expired may have begun new deadlines, which armed the timer already.
    if (nextAt < this.#nextAt) this.#arm(nextAt);
  }
}
