import { Backoff, type BackoffOptions, type Dialer } from '#link';

/** A link that lasted so long shows that the gateway is well: the next loss starts from the shortest wait again. */
const STABLE_MS = 5_000;

/** Keeps a dialer from dialling until what came on its last link is over, with the waits between attempts as it has them itself. */
export class Redial {
  readonly #dialer: Dialer;
  readonly #backoff: Backoff;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(dialer: Dialer, backoff: Partial<BackoffOptions>) {
    this.#dialer = dialer;
    this.#backoff = new Backoff(backoff);
  }

  /**
   * To be called while the dialer tells of the end of a link.
   * @param over never rejects
   * @param ageMs how long the link lasted
   */
  after(over: Promise<void>, ageMs: number): void {
    this.#dialer.stop();
    if (ageMs >= STABLE_MS) this.#backoff.reset();
    const at = performance.now() + this.#backoff.nextDelayMs();
    void over.then(() => {
      if (this.#isStopped) return;
      this.#timer = setTimeout(() => this.#dialer.start(), Math.max(0, at - performance.now()));
    });
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}
