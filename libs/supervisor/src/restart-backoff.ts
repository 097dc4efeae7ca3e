/**
 * Waits before a crashed process is started again: anything from nothing to a limit that doubles with each crash, so that many processes
 * that crash of one cause (a database that is down) do not all come back in the same instant, again and again.
 */
export class RestartBackoff {
  #crashes = 0;

  constructor(
    private readonly minDelayMs: number,
    private readonly maxDelayMs: number,
    private readonly random: () => number = Math.random,
  ) {}

  nextDelayMs(): number {
    const limit = Math.min(this.maxDelayMs, this.minDelayMs * 2 ** Math.min(this.#crashes++, 30));
    return Math.round(limit * this.random());
  }

  reset(): void {
    this.#crashes = 0;
  }
}
