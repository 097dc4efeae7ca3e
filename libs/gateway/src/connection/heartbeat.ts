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
/** Clients that are looked at in one turn of the event loop: each may cost a system call, and of a million a tick has 40,000. */
const MOST_A_TURN = 500;

/**
 * Pings every connection that can be pinged, and reports those that stay silent. One timer for all: at each tick the slots
 * whose number falls to it are pinged, and those pinged `pongTimeoutMs` ago are looked at. Any bytes from a client count as
 * life: in the middle of a long message it cannot answer. One that is paused is not judged, as its answer lies unread.
 */
export class Heartbeat {
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  #isRunning = false;
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
    this.#isRunning = true;
    this.#timer = setInterval(() => this.#sweep(), this.options.pingIntervalMs / BUCKETS).unref();
  }

  stop(): void {
    this.#isRunning = false;
    clearInterval(this.#timer);
  }

  #sweep(): void {
    const tick = this.#tick++;
    const judgedBucket = tick - this.#timeoutTicks;
    if (judgedBucket >= 0) this.#visit(judgedBucket % BUCKETS, this.#judge);
    this.#visit(tick % BUCKETS, ping);
  }

  /** Every connection whose slot falls to the same tick as this one, from it on. */
  #visit(from: number, visitor: (connection: Connection) => void): void {
    const { table } = this;
    let slot = from;
    for (let left = MOST_A_TURN; left > 0 && slot < table.slotCount; left--, slot += BUCKETS) {
      const connection = table.at(slot);
      if (connection !== undefined) visitor(connection);
    }
    if (slot < table.slotCount) setImmediate(() => this.#isRunning && this.#visit(slot, visitor));
  }

  readonly #judge = (connection: Connection): void => {
    if (isSilent(connection)) this.onMissed(connection);
  };
}

function ping(connection: Connection): void {
  const { transport } = connection;
  if (transport.ping === undefined || !connection.isOnline) return;
  connection.receivedAtPing = transport.receivedBytes;
  transport.ping();
}

function isSilent({ isOnline, receivedAtPing, transport }: Connection): boolean {
  return (
    isOnline &&
    receivedAtPing !== NOT_PINGED &&
    receivedAtPing === transport.receivedBytes &&
    !transport.isPaused
  );
}
