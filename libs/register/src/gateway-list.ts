import { formatAddress, type NodeAddress } from '#protocol';

/**
 * The gateways that are announced now, in the order in which they came. A gateway that came back before its old
 * link was found dead is announced by two links; it stays listed until the last of them closes.
 */
export class GatewayList {
  readonly #entries = new Map<string, { readonly address: NodeAddress; links: number }>();

  get size(): number {
    return this.#entries.size;
  }

  addresses(): readonly NodeAddress[] {
    return Array.from(this.#entries.values(), (entry) => entry.address);
  }

  /** @returns whether the list has changed */
  add(address: NodeAddress): boolean {
    const key = formatAddress(address);
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.links++;
      return false;
    }
    this.#entries.set(key, { address, links: 1 });
    return true;
  }

  /** @returns whether the list has changed */
  remove(address: NodeAddress): boolean {
    const key = formatAddress(address);
    const entry = this.#entries.get(key);
    if (entry === undefined || --entry.links > 0) return false;
    return this.#entries.delete(key);
  }
}
