/** Ids of lost gateways that are kept: more have not been lost by the time one of them is heard of again. */
const MAX_KEPT = 10_000;

/** Of which gateways it was told that they are lost: once, whatever else is heard of them, as a list may be stale. */
export class LostGateways {
  readonly #ids = new Set<string>();

  /** @returns false when it was told before */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    const [oldest] = this.#ids;
    if (oldest !== undefined && this.#ids.size >= MAX_KEPT) this.#ids.delete(oldest);
    this.#ids.add(id);
    return true;
  }

  /** It is linked again, such as when only the way to it was cut: clients that came since are lost with it another time. */
  delete(id: string): void {
    this.#ids.delete(id);
  }
}
