import { milliseconds, resolveOptions } from '#protocol';

export interface BackoffOptions {
  /**
   * Longest first wait after a connection was lost.
   * @default 200
   */
  readonly minDelayMs: number;
  /**
   * Longest wait, however often it failed.
   * @default 5_000
   */
  readonly maxDelayMs: number;
}

export const DEFAULT_BACKOFF_OPTIONS: BackoffOptions = { minDelayMs: 200, maxDelayMs: 5_000 };

/**
 * Waits that double with every failure, each somewhere in the upper half of its range, so that the many nodes
 * which lost the same peer do not all come back in the same instant.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: Partial<BackoffOptions> = {}, random: () => number = Math.random) {
    this.#options = resolveOptions('backoff', DEFAULT_BACKOFF_OPTIONS, options, {
      minDelayMs: milliseconds(1),
      maxDelayMs: milliseconds(1),
    });
    this.#random = random;
  }

  nextDelayMs(): number {
    const { minDelayMs, maxDelayMs } = this.#options;
    const longest = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(this.#failures++, 30));
    return Math.round((longest / 2) * (1 + this.#random()));
  }

  reset(): void {
    this.#failures = 0;
  }
}
