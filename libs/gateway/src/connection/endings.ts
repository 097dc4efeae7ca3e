import { CloseCode, CloseMode } from '#protocol';
import type { GatewayStats } from '../gateway-stats.js';
import type { Connection } from './connection.js';

/** How the gateway itself ends connections. The close event follows when the client is gone. */
export class Endings {
  constructor(private readonly stats: GatewayStats) {}

  /** Decides that the connection ends, and why. @returns false when that has been decided before */
  decide(connection: Connection, code: number, reason: string): boolean {
    if (!connection.isOnline) return false;
    connection.transition('closing');
    connection.ending = { code, reason };
    this.stats.countClose(code);
    return true;
  }

  /** Says goodbye to the client, after what is queued for it. */
  close(connection: Connection, code: CloseCode, reason: string): void {
    if (!this.decide(connection, code, reason)) return;
    connection.transport.resume(); // a paused client could not answer
    connection.transport.close(code, reason);
  }

  /** On the application's behalf. */
  closeAs(connection: Connection, mode: CloseMode): void {
    if (mode === CloseMode.Denied) return this.close(connection, CloseCode.Denied, 'denied');
    const reason = 'closed by the application';
    if (mode !== CloseMode.Now) return this.close(connection, CloseCode.ClosedByApplication, reason);
    this.decide(connection, CloseCode.ClosedByApplication, reason);
    connection.transport.destroy();
  }
}
