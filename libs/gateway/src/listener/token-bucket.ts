/** So many a second, and what was not used for a while at once, up to `burst`. */
export class TokenBucket {
  #tokens: number;
  #refilledAtMs = performance.now();

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
  ) {
    this.#tokens = burst;
  }

  /** @returns false when there is none left. What was not used in time is lost: after a turn that took long there is a burst and not more. */
  take(): boolean {
    const nowMs = performance.now();
    const gained = ((nowMs - this.#refilledAtMs) / 1_000) * this.perSecond;
    this.#tokens = Math.min(this.burst, this.#tokens + gained);
    this.#refilledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
