/**
 * Gateways that were forgotten while handlers of their events ran. One that comes back meanwhile is not dialled until these have
 * ended: otherwise their late commands would go on its new link, beside those of the worker that has the events now.
 */
export class UnfinishedGateways {
  readonly #byId = new Map<string, Promise<void>>();

  /** @param over never rejects */
  add(id: string, over: Promise<void>): void {
    const finished = over.then(() => {
      if (this.#byId.get(id) === finished) this.#byId.delete(id);
    });
    this.#byId.set(id, finished);
  }

  /** Resolves when nothing of this gateway runs any more; undefined when nothing does. */
  over(id: string): Promise<void> | undefined {
    return this.#byId.get(id);
  }
}
