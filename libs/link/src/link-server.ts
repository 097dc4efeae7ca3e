import { createServer, type Server, type Socket } from 'node:net';
import { formatAddress, type NodeAddress } from '#protocol';
import { CarryBudget } from './carry-budget.js';
import { ListenError } from './errors.js';
import { Link, type LinkHandler } from './link.js';
import type { LinkOptions } from './link-options.js';
import { silentLog, type NodeLog } from './node-log.js';

/** Listens on one port and makes a `Link` of every connection that comes in. */
export class LinkServer {
  readonly #server: Server;
  readonly #links = new Set<Link>();
  readonly #budget: CarryBudget;
  #closing: Promise<void> | undefined;
  #onLastLinkGone: (() => void) | undefined;

  /** @param log is told what keeps the system from handing over a connection */
  constructor(
    private readonly options: LinkOptions,
    private readonly handler: LinkHandler,
    private readonly log: NodeLog = silentLog,
  ) {
    const { maxCarriedBytes, maxFrameBytes } = options;
    this.#budget = new CarryBudget(maxCarriedBytes === 0 ? 0 : Math.max(maxCarriedBytes, maxFrameBytes));
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (socket) =>
      this.#onSocket(socket),
    );
  }

  get links(): ReadonlySet<Link> {
    return this.#links;
  }

  /**
   * @param option the option that names this address, for the error
   * @returns where it listens: the port that the system gave when 0 was asked for
   * @throws ListenError when the port cannot be taken
   */
  async listen(address: NodeAddress, option: string): Promise<NodeAddress> {
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => reject(new ListenError(address, option, error));
      this.#server.once('error', onError);
      // Two cluster workers that ask for port 0 would otherwise be given the same one.
      this.#server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
        this.#server.off('error', onError);
        resolve();
      });
    });
    const bound = this.#server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
    const listening = { host: address.host, port };
    // Such as no memory for one more socket. The server goes on listening; without a listener the process would end.
    this.#server.on('error', (error) =>
      this.log.error(`Could not accept a connection on ${formatAddress(listening)}: ${error.message}`),
    );
    return listening;
  }

  /** Takes no new links, closes those there are, and resolves when `closed` was told of all of them. Idempotent. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const link of this.#links) link.close();
    await stopped;
    // The server counts sockets, which are gone a moment before their links have said so.
    if (this.#links.size > 0) await new Promise<void>((resolve) => (this.#onLastLinkGone = resolve));
  }

  #onSocket(socket: Socket): void {
    const { handler } = this;
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const told: LinkHandler = {
      connected: (accepted) => handler.connected?.(accepted),
      frame: (payload, from) => handler.frame(payload, from),
      congested: (slow) => handler.congested?.(slow),
      drained: (recovered) => handler.drained?.(recovered),
      ended: (draining) => handler.ended?.(draining),
      closed: (ended, reason) => {
        this.#links.delete(ended);
        handler.closed?.(ended, reason);
        if (this.#links.size === 0) this.#onLastLinkGone?.();
      },
    };
    this.#links.add(new Link(socket, peer, this.options, told, this.#budget));
  }
}
