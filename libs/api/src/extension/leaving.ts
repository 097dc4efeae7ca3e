/** The time between our Leave and the gateway's Left, in which what is under way still comes. */
export class Leaving {
  readonly done: Promise<void>;
  readonly #patience: NodeJS.Timeout;
  readonly #onEnd: () => void;
  #resolve: () => void = () => undefined;

  /** @param patienceMs ends when nothing came for so long @param onEnd called once, before `done` resolves */
  constructor(patienceMs: number, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
    this.#patience = setTimeout(() => this.end(), patienceMs);
  }

  /** Something has come. */
  goesOn(): void {
    this.#patience.refresh();
  }

  /** Nothing more comes. */
  end(): void {
    clearTimeout(this.#patience);
    this.#onEnd();
    this.#resolve();
  }
}
