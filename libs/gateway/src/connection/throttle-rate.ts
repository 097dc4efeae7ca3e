/** Times are sums of fractions: what is due within a microsecond is due. */
const ROUNDING_MS = 0.001;

/**
 * So much a second, and what was not used for a while at once: a token bucket, whose state is one number, the time up to which all that
 * was taken is paid for. So whoever is limited needs 8 bytes, and one that was quiet needs no refill.
 */
export class ThrottleRate {
  readonly #msEach: number;
  readonly #mostAheadMs: number;

  /**
   * @param perSecond 0 sets no limit
   * @param burstMs so many milliseconds' worth may be taken at once; one at least
   */
  constructor(perSecond: number, burstMs: number) {
    this.#msEach = perSecond === 0 ? 0 : 1_000 / perSecond;
    this.#mostAheadMs = burstMs - ROUNDING_MS;
  }

  /** When what is taken now will be paid for. More than there is may be taken: who does that has to wait the longer. */
  taken(paidUntilMs: number, nowMs: number, amount: number): number {
    return (paidUntilMs > nowMs ? paidUntilMs : nowMs) + amount * this.#msEach;
  }

  /** How long until something may be taken; 0 or less when it may be now. */
  waitMs(paidUntilMs: number, nowMs: number): number {
    // Without a limit nothing costs anything, and nobody is ever ahead of now.
    return paidUntilMs - nowMs - this.#mostAheadMs;
  }
}
