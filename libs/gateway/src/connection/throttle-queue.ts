/** How coarse the time is: of each rate there is so much at once at least. */
const TICK_MS = 20;
/** Who has to wait longer than all of these comes round again. */
const BUCKETS = 512;

/**
 * Ids that wait for their time, and the time itself: read once a tick, and not for each message. While nobody asks for it and nobody
 * waits it stands still, and costs nothing.
 */
export class ThrottleQueue {
  /** Ids and not objects, so that who is gone is not kept here until its time. */
  readonly #buckets: number[][] = Array.from({ length: BUCKETS }, () => []);
  #waiting = 0;
  #nowMs = 0;
  #tick = 0;
  #isUsed = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param due its time has come, or it is worth another look; it may be added again */
  constructor(private readonly due: (id: number) => void) {}

  /** As `performance.now()`, up to 20 ms behind. */
  get nowMs(): number {
    this.#isUsed = true;
    if (this.#timer === undefined) this.#begin();
    return this.#nowMs;
  }

  get waiting(): number {
    return this.#waiting;
  }

  add(id: number, waitMs: number): void {
    const tick = Math.ceil((this.nowMs + waitMs) / TICK_MS);
    const reachable = Math.min(Math.max(tick, this.#tick + 1), this.#tick + BUCKETS - 1);
    this.#buckets[reachable % BUCKETS]!.push(id);
    this.#waiting++;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#waiting = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#buckets[bucket] = [];
  }

  #begin(): void {
    this.#nowMs = performance.now();
    this.#tick = Math.floor(this.#nowMs / TICK_MS);
    this.#timer = setInterval(() => this.#onTick(), TICK_MS).unref();
  }

  #onTick(): void {
    const isUsed = this.#isUsed;
    this.#isUsed = false;
    this.#nowMs = performance.now();
    const current = Math.floor(this.#nowMs / TICK_MS);
    // After a turn that took long there may be several to look at, each of them once.
    let tick = Math.max(this.#tick + 1, current - BUCKETS + 1);
    for (; tick <= current; tick++) {
      this.#tick = tick;
      this.#empty(tick % BUCKETS);
    }
    if (isUsed || this.#waiting > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #empty(bucket: number): void {
    const ids = this.#buckets[bucket]!;
    if (ids.length === 0) return;
    this.#buckets[bucket] = [];
    this.#waiting -= ids.length;
    for (const id of ids) this.due(id);
  }
}
