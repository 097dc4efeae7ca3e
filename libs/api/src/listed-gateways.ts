import type { GatewayEntry } from '#protocol';
import { listKey } from './address-key.js';
import { GatewayUnavailableError } from './errors.js';
import { GatewayNode, type GatewayNodeContext } from './gateway-node.js';
import type { NodeTable } from './node-table.js';
import { UnfinishedGateways } from './unfinished-gateways.js';

/** Keeps the gateways of a pool as lists say it: who is new is dialled, and who is listed no more stays as long as a link to it works. */
export class ListedGateways {
  readonly #nodes: NodeTable;
  readonly #context: GatewayNodeContext;
  readonly #added: (node: GatewayNode) => void;
  readonly #unfinished = new UnfinishedGateways();

  /** @param added told of each that is new */
  constructor(nodes: NodeTable, context: GatewayNodeContext, added: (node: GatewayNode) => void) {
    this.#nodes = nodes;
    this.#context = context;
    this.#added = added;
  }

  /** A list has come. */
  follow(gateways: readonly GatewayEntry[]): void {
    const { protocol } = this.#context.options;
    const listed = new Map(gateways.map((entry) => [listKey(entry, protocol), entry]));
    for (const [key, node] of this.#nodes.listed()) node.setListed(listed.has(key));
    for (const [key, entry] of listed) if (!this.#nodes.isListed(key)) this.#add(key, entry);
  }

  /** It is not listed any more, and no link to it works. */
  forget(node: GatewayNode): void {
    const key = this.#nodes.remove(node);
    if (key === undefined) return;
    if (node.interruption !== undefined) this.#unfinished.add(key, node.interruption);
    void node.close(new GatewayUnavailableError(node.address, 'is not listed any more'));
  }

  #add(key: string, entry: GatewayEntry): void {
    const node = new GatewayNode(entry, this.#context);
    this.#nodes.add(key, node);
    node.start(this.#unfinished.over(key));
    this.#added(node);
  }
}
