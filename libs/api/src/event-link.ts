import { LogThrottle, Dialer, type BackoffOptions, type Link, type LinkOptions, type NodeLog } from '#link';
import {
  COMMANDS,
  formatAddress,
  readEvent,
  writeRequest,
  type ByteReader,
  type NodeAddress,
  type Tag,
} from '#protocol';

import type { EventSink } from './event-port.js';

export interface EventLinkOptions {
  /** With pings: a gateway may take a worker that is silent for dead. */
  readonly link: LinkOptions;
  readonly backoff: Partial<BackoffOptions>;
  readonly tags: readonly Tag[];
}

/**
 * The link on which one gateway sends us events. It says RegisterWorker first, and nothing but pings after that.
 * A link of its own, because a reply cannot be told from an event.
 */
export class EventLink {
  readonly #gateway: NodeAddress;
  readonly #key: string;
  readonly #options: EventLinkOptions;
  readonly #sink: EventSink;
  readonly #log: NodeLog;
  readonly #throttle: LogThrottle;
  readonly #onClosed: () => void;
  readonly #dialer: Dialer;
  #isUp = false;
  #ending: (() => void) | undefined;

  /** @param onClosed a link ended, or could not be made; it is dialled again unless `end` was called */
  constructor(
    gateway: NodeAddress,
    key: string,
    options: EventLinkOptions,
    sink: EventSink,
    log: NodeLog,
    onClosed: () => void,
  ) {
    this.#gateway = gateway;
    this.#key = key;
    this.#options = options;
    this.#sink = sink;
    this.#log = log;
    this.#throttle = new LogThrottle();
    this.#onClosed = onClosed;
    this.#dialer = new Dialer(
      gateway,
      options.link,
      {
        connected: (link) => this.#onConnected(link),
        frame: (payload) => this.#onFrame(payload),
        closed: (_link, reason) => this.#onLinkClosed(reason),
      },
      options.backoff,
    );
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  start(): void {
    this.#dialer.start();
  }

  /**
   * Half-closes, so that the gateway sends nothing new and what is under way still reaches the sink; dials no more.
   * Resolves when the gateway has closed its side too, or has not in `closeTimeoutMs`.
   */
  async end(): Promise<void> {
    const { link } = this.#dialer;
    if (link === undefined) return this.#dialer.stop();
    await new Promise<void>((resolve) => {
      const patience = setTimeout(() => link.destroy(), this.#options.link.closeTimeoutMs);
      this.#ending = () => {
        clearTimeout(patience);
        resolve();
      };
      link.drain();
    });
  }

  #onConnected(link: Link): void {
    this.#isUp = true;
    link.send((writer) => writeRequest(writer, COMMANDS.registerWorker, this.#options.tags));
    link.accept();
    const gateway = formatAddress(this.#gateway);
    this.#log.log(`Linked to the gateway ${gateway} for events`, { gateway });
  }

  /** @throws ProtocolError, which ends the link */
  #onFrame(payload: ByteReader): void {
    const event = readEvent(payload);
    try {
      this.#sink.event(this.#key, event);
    } catch (error) {
      // Whatever went wrong with one event, those of all other clients come on this link too.
      const gateway = formatAddress(this.#gateway);
      const problem = error instanceof Error ? error.message : String(error);
      const text = `A ${event.type} event of the gateway ${gateway} could not be handed over: ${problem}`;
      this.#throttle.warn(this.#log, 'sink', text, { gateway, error });
    }
  }

  #onLinkClosed(reason: Error | undefined): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    if (this.#ending !== undefined) {
      this.#dialer.stop();
      this.#ending();
    } else {
      if (reason !== undefined) this.#report(wasUp, reason);
      if (wasUp) this.#sink.gatewayLost?.(this.#key);
    }
    this.#onClosed();
  }

  #report(wasUp: boolean, error: Error): void {
    const gateway = formatAddress(this.#gateway);
    const text = wasUp
      ? `The event link to the gateway ${gateway} ended`
      : `The gateway ${gateway} could not be linked for events`;
    this.#throttle.warn(this.#log, wasUp ? 'ended' : 'unreachable', `${text}. ${error.message}`, { gateway });
  }
}
