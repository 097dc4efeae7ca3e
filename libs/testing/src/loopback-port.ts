import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { NodeAddress } from '#protocol';

const HOST = '127.0.0.1';
const RETRY_MS = 10;
const PATIENCE_MS = 5_000;

/** A free port on loopback that keeps its number when it is closed and opened again. */
export class LoopbackPort {
  #port = 0;
  #server: Server | undefined;

  constructor(private readonly onSocket: (socket: Socket) => void) {}

  get address(): NodeAddress {
    return { host: HOST, port: this.#port };
  }

  /** Does nothing when it is open. */
  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    const giveUpMs = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await this.#listen();
      } catch (error) {
        // Meanwhile the system may have given the number to somebody's outgoing connection, which does not last.
        const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (!isTaken || performance.now() > giveUpMs) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  /** Those that are connected stay. Resolves when nobody can connect any more. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    // Its `close` event would wait for the connections; the port is given back at once.
    server?.close();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, this.onSocket);
    this.#server = server;
    server.listen(this.#port, HOST);
    try {
      await once(server, 'listening');
    } catch (error) {
      this.#server = undefined;
      throw error;
    }
    const bound = server.address();
    if (typeof bound === 'object' && bound !== null) this.#port = bound.port;
  }
}
