import { SlowClients } from '../connection/slow-clients.js';
import type { DropCounters, WhenSlow } from '../connection/when-slow.js';
import { HANDED_OVER_AT_ONCE_BYTES, type BacklogLimits } from './client-backlog.js';
import { AcceptGate } from './accept-gate.js';
import type { AddressGate } from './address-gate.js';
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
  readonly maxAcceptsPerSecond: number;
  readonly maxMessageBytes: number;
  readonly maxQueuedBytes: number;
  readonly whenSlow: WhenSlow;
  readonly slowClientTimeoutMs: number;
  readonly upgradeTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly tcpKeepAliveMs: number;
  readonly tcpIdleTimeoutMs: number;
}

/** All ports on which clients arrive, and what their clients share: one flush a turn, one watch for slow ones, one gate. */
export class ClientListeners<Client> {
  readonly #listeners: readonly Listener[];
  readonly #slowClients: SlowClients<ClientOutput<Client>>;
  readonly #gate: AcceptGate;

  /**
   * @param onSlow this client reads too slowly, in bytes or in time
   * @param counters of what is dropped for clients that are slow, and stay
   * @param addresses undefined when nothing is limited for each address
   */
  constructor(
    options: ClientListenersOptions,
    handler: ListenerHandler<Client>,
    onSlow: (client: Client) => void,
    counters: DropCounters,
    addresses?: AddressGate,
  ) {
    const tooSlow = ({ client }: ClientOutput<Client>): void => {
      if (client !== undefined) onSlow(client);
    };
    this.#slowClients = new SlowClients(options.slowClientTimeoutMs, tooSlow);
    this.#gate = new AcceptGate(options, () => handler.delayed(), addresses);
    const flusher = new Flusher();
    this.#listeners = options.listen.map((listener) => {
      const output: ClientOutputContext<Client> = {
        flusher,
        ...outputLimits(listener.slow ?? options.whenSlow, options.maxQueuedBytes, counters),
        slowClients: this.#slowClients,
        overflowed: tooSlow,
      };
      return listener.kind === 'ws'
        ? new WsListener(listener, options, this.#gate, output, handler)
        : new TcpListener(listener, options, this.#gate, output, handler);
    });
  }

  /** Sockets that wait to become clients. */
  get waiting(): number {
    return this.#gate.waiting;
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
    this.#gate.close();
  }

  /** Ends what is left: sockets that never became clients, and ports. */
  async close(): Promise<void> {
    this.#slowClients.stop();
    await Promise.all(this.#listeners.map((listener) => listener.close()));
  }
}

/** What may still be dropped waits in a backlog; what the socket has been given is not to be dropped, so that must be little. */
function outputLimits(
  whenSlow: WhenSlow,
  maxQueuedBytes: number,
  counters: DropCounters,
): { readonly maxPendingBytes: number; readonly backlog: BacklogLimits | undefined } {
  if (whenSlow === 'close') return { maxPendingBytes: maxQueuedBytes, backlog: undefined };
  const maxPendingBytes = Math.min(HANDED_OVER_AT_ONCE_BYTES, maxQueuedBytes || HANDED_OVER_AT_ONCE_BYTES);
  return { maxPendingBytes, backlog: { policy: whenSlow, maxQueuedBytes, counters } };
}
