import { NOT_PINGED, type Connection } from './connection.js';
import type { ConnectionTable } from './connection-table.js';

export interface HeartbeatOptions {
  /** Every client is pinged so often. 0 turns the heartbeat off. */
  readonly pingIntervalMs: number;
  /** A client that has sent nothing for so long after a ping is given up. */
  readonly pongTimeoutMs: number;
}

/** A sweep takes one of so many turns, so that a million pings do not leave in the same instant. */
const BUCKETS = 25;

/**
 * Pings every connection that can be pinged, and reports those that stay silent. One timer for all: at each tick the slots
 * whose number falls to it are pinged, and those pinged `pongTimeoutMs` ago are looked at. Any bytes from a client count as
 * life: in the middle of a long message it cannot answer. One that is paused is not judged, as its answer lies unread.
 */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  readonly #timeoutTicks: number;

  constructor(
    private readonly table: ConnectionTable,
    private readonly options: HeartbeatOptions,
    private readonly onMissed: (connection: Connection) => void,
  ) {
    const tickMs = options.pingIntervalMs / BUCKETS;
    // A ping is judged before the next one to the same client clears the slate.
    this.#timeoutTicks = Math.min(BUCKETS - 1, Math.max(1, Math.ceil(options.pongTimeoutMs / tickMs)));
  }

  start(): void {
    if (this.options.pingIntervalMs === 0) return;
    this.#timer = setInterval(() => this.#sweep(), this.options.pingIntervalMs / BUCKETS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sweep(): void {
    const tick = this.#tick++;
    const { table } = this;
    const judgedBucket = tick - this.#timeoutTicks;
    if (judgedBucket >= 0) {
      for (let slot = judgedBucket % BUCKETS; slot < table.slotCount; slot += BUCKETS) {
        const connection = table.at(slot);
        if (connection !== undefined && isSilent(connection)) this.onMissed(connection);
      }
    }
    for (let slot = tick % BUCKETS; slot < table.slotCount; slot += BUCKETS) {
      const connection = table.at(slot);
      if (connection?.transport.ping === undefined || !connection.isOnline) continue;
      connection.receivedAtPing = connection.transport.receivedBytes;
      connection.transport.ping();
    }
  }
}

function isSilent({ isOnline, receivedAtPing, transport }: Connection): boolean {
  return (
    isOnline &&
    receivedAtPing !== NOT_PINGED &&
    receivedAtPing === transport.receivedBytes &&
    !transport.isPaused
  );
}
