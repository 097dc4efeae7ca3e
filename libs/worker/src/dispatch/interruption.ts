/** The end of a link on which events had come that are still running: over when none of them is. */
export class Interruption {
  /** Never rejects. */
  readonly isOver: Promise<void>;
  #resolve: () => void = () => undefined;
  #left: number;

  /** @param running how many of them there are */
  constructor(running: number) {
    this.isOver = new Promise((resolve) => (this.#resolve = resolve));
    this.#left = running;
    if (running === 0) this.#resolve();
  }

  runEnded(): void {
    if (--this.#left === 0) this.#resolve();
  }

  /** Nobody is told any more when those that are left end. */
  giveUp(): void {
    this.#resolve();
  }
}
