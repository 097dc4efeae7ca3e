import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Connection } from './connection.js';
import type { ConnectionTable } from './connection-table.js';

/** Connections that are ended in one turn of the event loop: each costs system calls, and the others wait meanwhile. */
const BATCH = 500;

/** Ends all connections of a gateway that stops. */
export class Farewell {
  #onEmpty: (() => void) | undefined;

  constructor(private readonly table: ConnectionTable) {}

  /** Visits all connections, a batch a turn. */
  async each(visit: (connection: Connection) => void): Promise<void> {
    const { table } = this;
    for (let start = 0; start < table.slotCount; start += BATCH) {
      for (let slot = start; slot < start + BATCH; slot++) {
        const connection = table.at(slot);
        if (connection !== undefined) visit(connection);
      }
      await nextTurn();
    }
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
}
