import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WsAdapter } from '@nestjs/platform-ws';
import type { ServerOptions, WebSocketServer } from 'ws';

/** What the adapter tells of those that did not become clients, and of sockets that broke. */
export interface UpgradeObserver {
  /** It asked for a path that is not served, or its handshake was wrong; it has got an answer. */
  refused(error: Error): void;
  failed(error: Error): void;
}

/**
 * Nest's own WebSocket adapter on a server of ours, without its cost per message (an rxjs pipeline and a JSON parse): what arrives
 * goes to a worker as it is. Upgrades are taken on any path unless one is configured, and refused with an answer.
 */
export class GatewayWsAdapter extends WsAdapter {
  #server: WebSocketServer | undefined;
  /** One function for all sockets: a closure each would be memory a connection. */
  readonly #onSocketError = (error: Error): void => this.observer.failed(error);

  constructor(
    private readonly http: Server,
    private readonly path: string | undefined,
    private readonly observer: UpgradeObserver,
  ) {
    super(http);
  }

  createServer(options: ServerOptions): WebSocketServer {
    this.#server = this.create(0, options as Record<string, unknown>) as WebSocketServer;
    return this.#server;
  }

  /** Called by `create`: here the adapter would match paths exactly and destroy the rest without a word. */
  protected override ensureHttpServerExists(port: number): Server {
    this.httpServersRegistry.set(port, this.http);
    this.http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', this.#onSocketError);
      if (this.path === undefined || pathOf(request) === this.path)
        return this.#upgrade(request, socket, head);
      this.observer.refused(new Error(`No upgrade on ${pathOf(request)}`));
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
        socket.destroy(),
      );
    });
    return this.http;
  }

  /** The adapter would write a line to the log for each broken frame; the listener knows whose it was, and counts it. */
  override bindErrorHandler(server: WebSocketServer): WebSocketServer {
    return server;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    let isUpgraded = false;
    // `ws` itself answers a wrong handshake, with the status that fits, and does not say so.
    this.#server?.handleUpgrade(request, socket, head, (client) => {
      isUpgraded = true;
      this.#server?.emit('connection', client, request);
    });
    if (!isUpgraded) this.observer.refused(new Error('The upgrade request was not valid'));
  }
}

export function pathOf(request: IncomingMessage): string {
  const target = request.url ?? '/';
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}
