/**
 * Gateways that were forgotten while handlers of their events ran. One that comes back meanwhile is not dialled until these have
 * ended: otherwise their late commands would go on its new link, beside those of the worker that has the events now.
 */
export class UnfinishedGateways {
  /** As the list names them. */
  readonly #byListKey = new Map<string, Promise<void>>();

  /** @param over never rejects */
  add(listKey: string, over: Promise<void>): void {
    const finished = over.then(() => {
      if (this.#byListKey.get(listKey) === finished) this.#byListKey.delete(listKey);
    });
    this.#byListKey.set(listKey, finished);
  }

  /** Resolves when nothing of this gateway runs any more; undefined when nothing does. */
  over(listKey: string): Promise<void> | undefined {
    return this.#byListKey.get(listKey);
  }
}
