/** Handlers that note when they begin and end, and end when they are told to. */
export class Stage {
  readonly lines: string[] = [];
  readonly #waiting = new Map<string, () => void>();

  async play(name: string): Promise<void> {
    this.lines.push(`+${name}`);
    await new Promise<void>((resolve) => this.#waiting.set(name, resolve));
    this.lines.push(`-${name}`);
  }

  /** Ends that handler, and returns when what follows from it has happened. */
  async end(name: string): Promise<void> {
    const resolve = this.#waiting.get(name);
    if (resolve === undefined) throw new Error(`${name} is not running: ${this.lines.join(' ')}`);
    this.#waiting.delete(name);
    resolve();
    await new Promise(setImmediate);
  }
}
