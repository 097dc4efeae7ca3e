/**
 * Silence counts in so many parts, and sockets are read between them. A standstill of this process can take one part, in which
 * nothing is read, and not all of them: what is on its way still comes in those that follow, also where it is a part of a frame.
 */
const LOOKS = 4;

/**
 * The time between our leaving and the gateway's last word, in which what is under way still comes: over the extension from
 * Leave to Left, over the base protocol from our end of the link to its own.
 */
export class Leaving {
  readonly done: Promise<void>;
  readonly #onEnd: () => void;
  readonly #timer: NodeJS.Timeout;
  #resolve: () => void = () => undefined;
  #look: NodeJS.Immediate | undefined;
  /** Since something came. */
  #vainLooks = 0;
  #isOver = false;

  /** @param patienceMs ends when nothing came for so long @param onEnd called once, before `done` resolves */
  constructor(patienceMs: number, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.done = new Promise((resolve) => (this.#resolve = resolve));
    // Timers run before sockets are read: after a standstill, what came meanwhile is looked at first.
    this.#timer = setTimeout(
      () => (this.#look = setImmediate(() => this.#onSilence())),
      Math.ceil(patienceMs / LOOKS),
    );
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Something has come. */
  goesOn(): void {
    if (this.#isOver) return;
    this.#vainLooks = 0;
    clearImmediate(this.#look);
    this.#timer.refresh();
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearImmediate(this.#look);
    this.#onEnd();
    this.#resolve();
  }

  #onSilence(): void {
    this.#vainLooks++;
    if (this.#vainLooks >= LOOKS) this.end();
    else this.#timer.refresh();
  }
}
