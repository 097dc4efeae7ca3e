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
    this.#timer = setTimeout(this.#tell, this.#afterMs).unref();
  }

  /** Another one answers at its address. */
  replaced(): void {
    this.#stopTimer();
    if (!this.#isInOrder) this.#tell();
  }

  /** It is listed no more, and no link to it works. What was never linked has told nobody of a client. */
  forgotten(): void {
    this.#stopTimer();
    if (this.#wasLinked && !this.#isInOrder) this.#tell();
  }

  /** Nobody wants to know any more. */
  stop(): void {
    this.#stopTimer();
    this.#isInOrder = true;
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
