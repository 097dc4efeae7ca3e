import { SlowClients } from '../connection/slow-clients.js';
import type { ClientOutput, ClientOutputContext } from './client-output.js';
import { Flusher } from './flusher.js';
import type { Listener, ListenerHandler } from './listener.js';
import type { ListenerOptions } from './listener-url.js';
import { TcpListener } from './tcp.listener.js';
import { WsListener } from './ws.listener.js';

export interface ClientListenersOptions {
  readonly listen: readonly ListenerOptions[];
  readonly receiver: 'nestwire' | 'ws';
  readonly maxConnections: number;
  readonly maxMessageBytes: number;
  readonly maxQueuedBytes: number;
  readonly slowClientTimeoutMs: number;
  readonly upgradeTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly tcpKeepAliveMs: number;
  readonly tcpIdleTimeoutMs: number;
}

/** All ports on which clients arrive, and what their clients share: one flush a turn, one watch for slow ones. */
export class ClientListeners<Client> {
  readonly #listeners: readonly Listener[];
  readonly #slowClients: SlowClients<ClientOutput<Client>>;

  /** @param onSlow this client reads too slowly, in bytes or in time */
  constructor(
    options: ClientListenersOptions,
    handler: ListenerHandler<Client>,
    onSlow: (client: Client) => void,
  ) {
    const tooSlow = ({ client }: ClientOutput<Client>): void => {
      if (client !== undefined) onSlow(client);
    };
    this.#slowClients = new SlowClients(options.slowClientTimeoutMs, tooSlow);
    const output: ClientOutputContext<Client> = {
      flusher: new Flusher(),
      maxQueuedBytes: options.maxQueuedBytes,
      slowClients: this.#slowClients,
      overflowed: tooSlow,
    };
    this.#listeners = options.listen.map((listener) =>
      listener.kind === 'ws'
        ? new WsListener(listener, options, output, handler)
        : new TcpListener(listener, options, output, handler),
    );
  }

  get urls(): readonly string[] {
    return this.#listeners.map(({ url }) => url);
  }

  /** @throws ListenError when a port cannot be taken. */
  async listen(): Promise<void> {
    for (const listener of this.#listeners) await listener.listen();
    this.#slowClients.start();
  }

  /** Takes no new clients; those there are stay. */
  stopAccepting(): void {
    for (const listener of this.#listeners) listener.stopAccepting();
  }

  /** Ends what is left: sockets that never became clients, and ports. */
  async close(): Promise<void> {
    this.#slowClients.stop();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }
}
