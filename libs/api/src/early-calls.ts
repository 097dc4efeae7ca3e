import type { DeadlineWatch, Watched } from './deadline-watch.js';
import { HeldCalls } from './held-calls.js';
import type { ResolvedPoolOptions } from './pool-options.js';

/** What is called before it is known which gateways there are: it runs when they are, in the order of the calls. */
export class EarlyCalls {
  readonly #held: HeldCalls;
  readonly #deadlines: DeadlineWatch;
  readonly #tooLate: (timeoutMs: number) => Error;

  /** @param tooLate why a question could not be asked in time */
  constructor(
    { maxHeldBytes }: ResolvedPoolOptions,
    deadlines: DeadlineWatch,
    tooLate: (timeoutMs: number) => Error,
  ) {
    this.#held = new HeldCalls(maxHeldBytes);
    this.#deadlines = deadlines;
    this.#tooLate = tooLate;
  }

  get size(): number {
    return this.#held.size;
  }

  /** @param bytes what waits in memory until then */
  holdCommand(bytes: number, run: () => void, drop: (reason: Error) => void): void {
    this.#held.hold({ bytes, run, drop });
  }

  /** @param timeoutMs how long it waits; 0 for ever */
  holdQuestion<Result>(bytes: number, ask: () => Promise<Result>, timeoutMs: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      let hasExpired = false;
      const waiting: Watched = {
        expire: () => {
          hasExpired = true;
          reject(this.#tooLate(timeoutMs));
        },
      };
      if (timeoutMs > 0) this.#deadlines.watch(waiting, timeoutMs);
      this.#held.hold({
        bytes,
        run: () => {
          this.#deadlines.forget(waiting, timeoutMs);
          if (!hasExpired) resolve(ask());
        },
        drop: (reason) => {
          this.#deadlines.forget(waiting, timeoutMs);
          reject(reason);
        },
      });
    });
  }

  runAll(): void {
    while (this.#held.runNext());
  }

  dropAll(reason: Error): void {
    this.#held.dropAll(reason);
  }
}
