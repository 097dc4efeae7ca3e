import type { Connection } from './connection.js';
import type { ConnectionTable } from './connection-table.js';
import { OutgoingMessage } from './outgoing-message.js';
import type { GatewayStats } from '../gateway-stats.js';

export interface DeliveryLimits {
  /** A message to a client may have at most so many bytes; a larger one is dropped and counted. */
  readonly maxMessageBytes: number;
}

/** Hands messages to connections: one, or many with some left out. */
export class Delivery {
  #broadcasts = 0;

  constructor(
    private readonly table: ConnectionTable,
    private readonly limits: DeliveryLimits,
    private readonly stats: GatewayStats,
  ) {}

  /** @param payload may be a view: it is copied before this returns. */
  toOne(connection: Connection | undefined, payload: Buffer): void {
    if (connection === undefined || !connection.isOnline) return void this.stats.messagesToUnknownClient++;
    if (this.#isTooBig(payload)) return;
    this.stats.messagesSent++;
    connection.transport.send(new OutgoingMessage(payload, false));
  }

  toMany(connections: Iterable<Connection>, payload: Buffer, excludedIds: readonly number[]): void {
    if (this.#isTooBig(payload)) return;
    const broadcast = this.#exclude(excludedIds);
    const message = new OutgoingMessage(payload, true);
    let sent = 0;
    for (const connection of connections) {
      if (connection.excludedFrom === broadcast || !connection.isOnline) continue;
      sent++;
      connection.transport.send(message);
    }
    this.stats.messagesSent += sent;
  }

  /** Marks whom the broadcast leaves out: a number a connection, instead of a set look-up a member. */
  #exclude(ids: readonly number[]): number {
    const broadcast = ++this.#broadcasts;
    for (const id of ids) {
      const connection = this.table.get(id);
      if (connection !== undefined) connection.excludedFrom = broadcast;
    }
    return broadcast;
  }

  #isTooBig(payload: Buffer): boolean {
    if (payload.length <= this.limits.maxMessageBytes) return false;
    this.stats.messagesTooBigToSend++;
    return true;
  }
}
