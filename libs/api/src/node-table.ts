import type { Link } from '#link';
import { addressKey, isAddressKey } from './address-key.js';
import { GatewayListedTwiceError } from './errors.js';
import type { GatewayNode } from './gateway-node.js';

/** The gateways of a pool: as the list names them, and as their clients' ids do. */
export class NodeTable {
  readonly #byListKey = new Map<string, GatewayNode>();
  readonly #byKey = new Map<string, GatewayNode>();
  #inOrder: readonly GatewayNode[] = [];

  /** By their keys: a resumed list depends on this order. */
  get inOrder(): readonly GatewayNode[] {
    return this.#inOrder;
  }

  /** @param key the first half of its clients' ids, or `addressKey` of its address */
  get(key: string): GatewayNode | undefined {
    return this.#byKey.get(key) ?? (isAddressKey(key) ? this.#at(key) : undefined);
  }

  isListed(listKey: string): boolean {
    return this.#byListKey.has(listKey);
  }

  /** A copy: whoever is told that it is not listed any more may be removed meanwhile. */
  listed(): readonly (readonly [string, GatewayNode])[] {
    return [...this.#byListKey];
  }

  /** The links that commands go on. */
  *links(): Generator<Link> {
    for (const { channel } of this.#inOrder) if (channel.commandLink !== undefined) yield channel.commandLink;
  }

  add(listKey: string, node: GatewayNode): void {
    this.#byListKey.set(listKey, node);
    if (node.isIdentified) this.#byKey.set(node.key, node);
    this.#order();
  }

  /**
   * @param identify gives it this id for its key
   * @throws GatewayListedTwiceError when another one has it
   */
  identify(node: GatewayNode, id: string, identify: () => void): void {
    const other = this.#byKey.get(id);
    if (other !== undefined && other !== node) {
      throw new GatewayListedTwiceError(node.address, other.address, id);
    }
    this.#byKey.delete(node.key);
    this.#byKey.set(id, node);
    identify();
    this.#order();
  }

  /** @returns what the list calls it; undefined when it was not there */
  remove(node: GatewayNode): string | undefined {
    const [listKey] = [...this.#byListKey].find(([, listed]) => listed === node) ?? [];
    if (listKey === undefined) return undefined;
    this.#byListKey.delete(listKey);
    if (this.#byKey.get(node.key) === node) this.#byKey.delete(node.key);
    this.#order();
    return listKey;
  }

  clear(): void {
    this.#byListKey.clear();
    this.#byKey.clear();
    this.#order();
  }

  #at(key: string): GatewayNode | undefined {
    return this.#inOrder.find(({ address }) => addressKey(address, 'nestwire') === key);
  }

  #order(): void {
    // Not by locale: keys are hex digits.
    this.#inOrder = [...this.#byListKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}
