/** A timer that is so late says that this process stood still, and has dialled nobody meanwhile. */
const STANDSTILL_MS = 1_000;

/** Decides when a gateway counts as lost. Whether that has been told before is not known here. */
export class GatewayLoss {
  readonly #afterMs: number;
  readonly #tell: () => void;
  #timer: NodeJS.Timeout | undefined;
  #wasLinked = false;
  #isInOrder = false;

  /** @param afterMs 0: never by time */
  constructor(afterMs: number, tell: () => void) {
    this.#afterMs = afterMs;
    this.#tell = tell;
  }

  linked(): void {
    this.#stopTimer();
    this.#wasLinked = true;
    this.#isInOrder = false;
  }

  /** @param isInOrder it has sent its close events, and stopped */
  unlinked(isInOrder: boolean): void {
    this.#isInOrder = isInOrder;
  }

  /** It is being dialled. */
  dialling(): void {
    if (this.#afterMs === 0 || this.#timer !== undefined || this.#isInOrder) return;
    this.#arm();
  }

  /** Another one answers at its address. */
  replaced(): void {
    this.#stopTimer();
    if (!this.#isInOrder) this.#tell();
  }

  /**
   * It is listed no more, and no link to it works. What was never linked has told nobody of a client.
   * @returns whether what became of it has been said: that it stopped in order, or that it is lost
   */
  forgotten(): boolean {
    this.#stopTimer();
    if (this.#wasLinked && !this.#isInOrder) this.#tell();
    return this.#wasLinked || this.#isInOrder;
  }

  /** Nobody wants to know any more. */
  stop(): void {
    this.#stopTimer();
    this.#isInOrder = true;
  }

  #arm(): void {
    const dueAt = performance.now() + this.#afterMs;
    this.#timer = setTimeout(() => {
      if (performance.now() - dueAt > STANDSTILL_MS) this.#arm();
      else this.#tell();
    }, this.#afterMs).unref();
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
