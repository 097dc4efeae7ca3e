import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from './connection.js';
import type { ConnectionTable } from './connection-table.js';
import type { Delivery } from './delivery.js';

export interface FarewellOptions {
  /** Sent to each client before it is closed; `{comeBackInMs}` in it is a number of its own for each. Empty sends none. */
  readonly farewellMessage: string;
  /** Clients that are told to come back in a second. 0 tells all at once. */
  readonly farewellPerSecond: number;
  /** Each client is told a time within this after which it should come back. 0 names no time. */
  readonly comeBackWithinMs: number;
  readonly drainTimeoutMs: number;
}

/** Connections that are ended in one turn of the event loop: each costs system calls, and the others wait meanwhile. */
const BATCH = 500;
/** Who is due within one tick is told at once: so a gateway with few clients does not wait at all. */
const TICK_MS = 100;
/** Of the drain time; what is left is for goodbyes, and for the close events to reach the workers. */
const TELLING_SHARE = 0.8;
const REASON = 'the gateway restarts';
const PLACEHOLDER = '{comeBackInMs}';

/** Ends all connections of a gateway that stops. */
export class Farewell {
  #onEmpty: (() => void) | undefined;

  /** @param close ends one for this reason */
  constructor(
    private readonly table: ConnectionTable,
    private readonly delivery: Delivery,
    private readonly options: FarewellOptions,
    private readonly close: (connection: Connection, reason: string) => void,
  ) {}

  /**
   * Tells everybody to come back, at a pace: whoever is told comes at once, to the other gateways. `farewellPerSecond` is the pace
   * unless it would take too much of the drain time. Until its turn comes a client is served as before.
   */
  async tellAll(): Promise<void> {
    const { table } = this;
    const { farewellPerSecond, drainTimeoutMs } = this.options;
    const tellingMs = drainTimeoutMs * TELLING_SHARE;
    if (farewellPerSecond === 0 || tellingMs === 0) return this.#each((connection) => this.#tell(connection));
    const perMs = Math.max(farewellPerSecond / 1_000, table.size / tellingMs);
    const startedMs = performance.now();
    let told = 0;
    for (const connection of this.#inOrder()) {
      const inTimeMs = told / perMs - TICK_MS;
      // `ceil`, as timers may fire a little early.
      const earlyMs = Math.ceil(inTimeMs - (performance.now() - startedMs));
      if (earlyMs > 0) await sleep(Math.max(earlyMs, TICK_MS));
      else if (told % BATCH === BATCH - 1) await nextTurn();
      told++;
      this.#tell(connection);
    }
  }

  /** Ends whoever is still there, without another word. */
  async destroyAll(): Promise<void> {
    await this.#each((connection) => connection.transport.destroy());
  }

  /** Resolves when the last connection is gone, or after the time given. */
  async untilEmpty(timeoutMs: number): Promise<void> {
    if (this.table.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** A connection has left the table. */
  connectionGone(): void {
    if (this.table.size === 0) this.#onEmpty?.();
  }

  #tell(connection: Connection): void {
    if (!connection.isOnline) return;
    const { farewellMessage, comeBackWithinMs } = this.options;
    const comeBackInMs = Math.floor(Math.random() * comeBackWithinMs);
    if (farewellMessage !== '') {
      const text = farewellMessage.replaceAll(PLACEHOLDER, String(comeBackInMs));
      this.delivery.toOne(connection, Buffer.from(text));
    }
    this.close(connection, comeBackWithinMs === 0 ? REASON : `${REASON}, come back in ${comeBackInMs} ms`);
  }

  /** Visits all connections, a batch a turn. */
  async #each(visit: (connection: Connection) => void): Promise<void> {
    let visited = 0;
    for (const connection of this.#inOrder()) {
      if (++visited % BATCH === 0) await nextTurn();
      visit(connection);
    }
  }

  /** Nobody comes any more; who goes meanwhile is left out. */
  *#inOrder(): IterableIterator<Connection> {
    const { table } = this;
    for (let slot = 0; slot < table.slotCount && table.size > 0; slot++) {
      const connection = table.at(slot);
      if (connection !== undefined) yield connection;
    }
  }
}
