import type { Connection } from './connection.js';
import type { ConnectionTable } from './connection-table.js';
import { InSteps, MOST_AT_ONCE, NO_LIMIT, STEP_SIZE } from './in-steps.js';
import type { MemberRange } from './member-range.js';
import { OutgoingMessage } from './outgoing-message.js';
import { END_OF_SLOTS, slotOf } from './slot-allocator.js';
import { SlotSet } from './slot-set.js';
import type { GatewayStats } from '../gateway-stats.js';

export interface DeliveryLimits {
  /** A message to a client may have at most so many bytes; a larger one is dropped and counted. */
  readonly maxMessageBytes: number;
}

/** Hands messages to connections: one, or many with some left out. */
export class Delivery {
  /** Of the broadcast at hand, kept for all that are handed out at once. */
  readonly #excluded = new SlotSet();

  constructor(
    private readonly table: ConnectionTable,
    private readonly limits: DeliveryLimits,
    private readonly stats: GatewayStats,
  ) {}

  /**
   * @param payload may be a view: it is copied before this returns
   * @param key of the messages that wait for a slow client, only the newest with this key has to reach it
   */
  toOne(connection: Connection | undefined, payload: Buffer, key?: string): void {
    if (connection === undefined || !connection.isOnline) return void this.stats.messagesToUnknownClient++;
    if (this.#isTooBig(payload)) return;
    this.stats.messagesSent++;
    connection.transport.send(new OutgoingMessage(payload, false, key));
  }

  /**
   * To those who are there now, each once: to many in steps, and who comes or goes meanwhile may or may not get it.
   * @param payload may be a view: it is copied before this returns.
   * @param key as in `toOne`
   */
  toMany(
    receivers: MemberRange<Connection>,
    payload: Buffer,
    excludedIds: readonly number[],
    key?: string,
  ): InSteps | undefined {
    if (this.#isTooBig(payload)) return undefined;
    if (receivers.size > MOST_AT_ONCE) {
      const excluded = new SlotSet();
      this.#exclude(excluded, excludedIds);
      const message = new OutgoingMessage(Buffer.from(payload), true, key);
      return new InSteps(this.#broadcastSteps(receivers, message, excluded));
    }
    const excluded = this.#excluded;
    this.#exclude(excluded, excludedIds);
    try {
      this.#broadcast(receivers, new OutgoingMessage(payload, true, key), excluded, 0, NO_LIMIT);
    } finally {
      for (const id of excludedIds) excluded.delete(slotOf(id));
    }
    return undefined;
  }

  /**
   * All at once, whoever they are; ids that nobody has are left out.
   * @param payload may be a view: it is copied before this returns.
   * @param key as in `toOne`
   */
  toEach(connectionIds: Iterable<number>, payload: Buffer, key?: string): void {
    if (this.#isTooBig(payload)) return;
    const message = new OutgoingMessage(payload, true, key);
    for (const id of connectionIds) {
      const connection = this.table.get(id);
      if (connection === undefined || !connection.isOnline) continue;
      this.stats.messagesSent++;
      connection.transport.send(message);
    }
  }

  *#broadcastSteps(
    receivers: MemberRange<Connection>,
    message: OutgoingMessage,
    excluded: SlotSet,
  ): IterableIterator<void> {
    for (let slot = 0; slot < END_OF_SLOTS; yield) {
      slot = this.#broadcast(receivers, message, excluded, slot, STEP_SIZE);
    }
  }

  /** @returns the slot to go on from */
  #broadcast(
    receivers: MemberRange<Connection>,
    message: OutgoingMessage,
    excluded: SlotSet,
    from: number,
    limit: number,
  ): number {
    let sent = 0;
    const next = receivers.visit(from, limit, (connection) => {
      if (!connection.isOnline || (excluded.size > 0 && excluded.has(slotOf(connection.id)))) return;
      sent++;
      connection.transport.send(message);
    });
    this.stats.messagesSent += sent;
    return next;
  }

  /** By slot: a client that comes into the slot of an excluded one was not there when the broadcast began. */
  #exclude(excluded: SlotSet, ids: readonly number[]): void {
    for (const id of ids) if (this.table.get(id) !== undefined) excluded.add(slotOf(id));
  }

  #isTooBig(payload: Buffer): boolean {
    if (payload.length <= this.limits.maxMessageBytes) return false;
    this.stats.messagesTooBigToSend++;
    return true;
  }
}
