import type { NodeLog } from '#link';
import { SinkTakenError } from './errors.js';
import type { EventSink, SinkTerms } from './event-port.js';
import type { GatewayNode } from './gateway-node.js';
import { GuardedSink } from './guarded-sink.js';
import { LostGateways } from './lost-gateways.js';
import type { NodeTable } from './node-table.js';

/** Who takes the events of a pool's gateways, of those that are there and those to come. */
export class EventSubscription {
  readonly #nodes: NodeTable;
  readonly #log: NodeLog;
  /** Those of which the log has said so, and those of which the sink was told. */
  readonly #reported = new LostGateways();
  readonly #lost = new LostGateways();
  /** Gateways whose events the sink wants to wait, also if they leave and come back meanwhile. */
  readonly #paused = new Set<string>();
  #isOpen = false;
  #present: { readonly sink: GuardedSink; readonly terms: SinkTerms } | undefined;
  #ended = Promise.resolve();

  constructor(nodes: NodeTable, log: NodeLog) {
    this.#nodes = nodes;
    this.#log = log;
  }

  /** @throws SinkTakenError when there is a sink already */
  begin(sink: EventSink, terms: SinkTerms): void {
    if (this.#present !== undefined) throw new SinkTakenError();
    this.#present = { sink: new GuardedSink(sink, this.#log), terms };
    this.#takeFromAll();
  }

  /**
   * Calls go where they should from now on. Before, what a handler calls would wait here while its event is done with already, and
   * it would not see what it writes to a session.
   */
  open(): void {
    this.#isOpen = true;
    this.#takeFromAll();
  }

  end(): void {
    this.#present = undefined;
    this.#paused.clear();
    const left = Promise.all(this.#nodes.inOrder.map((node) => node.leave()));
    this.#ended = left.then(() => undefined);
  }

  /** Resolves when nothing more comes after `end`. */
  ended(): Promise<void> {
    return this.#ended;
  }

  pause(key: string): void {
    if (this.#present === undefined) return;
    this.#paused.add(key);
    this.#nodes.get(key)?.pauseEvents();
  }

  resume(key: string): void {
    if (this.#paused.delete(key)) this.#nodes.get(key)?.resumeEvents();
  }

  /** A gateway has appeared, or its events are to be taken. */
  added(node: GatewayNode): void {
    if (this.#present === undefined || !this.#isOpen) return;
    node.takeEvents(this.#present.sink, this.#present.terms);
    if (this.#paused.has(node.key)) node.pauseEvents();
  }

  /** A gateway is linked. */
  found(gateway: string): void {
    this.#reported.delete(gateway);
    this.#lost.delete(gateway);
  }

  /** A gateway is gone with its clients. */
  lost(gateway: string, name: string): void {
    if (this.#reported.add(gateway)) {
      this.#log.warn(`The gateway ${gateway} at ${name} is lost with its clients`, { gateway });
    }
    if (this.#present === undefined || !this.#lost.add(gateway)) return;
    this.#present.sink.gatewayLost(gateway, name);
  }

  #takeFromAll(): void {
    for (const node of this.#nodes.inOrder) this.added(node);
  }
}
