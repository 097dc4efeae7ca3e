import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { freePort } from '../../bench/suite/free-port.js';
import { PlayedConnection } from './played-connection.js';

/** A listening port of the original, played: hands out the connections that come in, in their order. */
export class ScriptedServer {
  #server: Server | undefined;
  readonly #accepted: PlayedConnection[] = [];
  #onAccepted: (() => void) | undefined;

  private constructor(
    private readonly name: string,
    readonly port: number,
  ) {}

  static async create(name: string): Promise<ScriptedServer> {
    return new ScriptedServer(name, await freePort());
  }

  async listen(): Promise<void> {
    const server = createServer((socket) => {
      this.#accepted.push(new PlayedConnection(`connection to the ${this.name}`, socket));
      this.#onAccepted?.();
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
  }

  /** Takes no more connections; those there are go on. */
  stop(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** The next connection that nobody has asked for yet. */
  async connection(): Promise<PlayedConnection> {
    while (this.#accepted.length === 0) await new Promise<void>((resolve) => (this.#onAccepted = resolve));
    return this.#accepted.shift()!;
  }

  /** Connections that nobody has asked for. */
  get surplus(): number {
    return this.#accepted.length;
  }
}
