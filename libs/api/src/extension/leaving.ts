/** The time between our Leave and the gateway's Left, in which what is under way still comes. */
export class Leaving {
  readonly done: Promise<void>;
  readonly #patience: NodeJS.Timeout;
  readonly #onEnd: () => void;
  #resolve: () => void = () => undefined;
  #lastLook: NodeJS.Immediate | undefined;
  #isOver = false;

  /** @param patienceMs ends when nothing came for so long @param onEnd called once, before `done` resolves */
  constructor(patienceMs: number, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
    // Timers run before sockets are read: after a standstill of this process, what came meanwhile is looked at first.
    this.#patience = setTimeout(() => (this.#lastLook = setImmediate(() => this.end())), patienceMs);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something has come. */
  goesOn(): void {
    if (this.#isOver) return;
    clearImmediate(this.#lastLook);
    this.#patience.refresh();
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#patience);
    clearImmediate(this.#lastLook);
    this.#onEnd();
    this.#resolve();
  }
}
