import { LogThrottle, Dialer, type BackoffOptions, type Link, type LinkOptions, type NodeLog } from '#link';
import {
  COMMANDS,
  formatAddress,
  readEvent,
  readTextMessage,
  writeRequest,
  type ByteReader,
  type NodeAddress,
  type Tag,
  type TextMessageTaker,
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
  readonly #takeText: TextMessageTaker | undefined;
  #isUp = false;
  #isPaused = false;
  #ending: { readonly resolve: () => void; readonly patience: NodeJS.Timeout } | undefined;

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
    this.#takeText = this.#textTaker();
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

  /** Reads no more, on this link and on those that follow it. Pings go on: a gateway must not take us for dead. */
  pause(): void {
    if (this.#ending !== undefined) return;
    this.#isPaused = true;
    this.#dialer.link?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#dialer.link?.resume();
  }

  /**
   * Half-closes, so that the gateway sends nothing new and what is under way still reaches the sink, also if the link was
   * paused; dials no more. Resolves when the gateway has closed its side too, or has sent nothing for `closeTimeoutMs`.
   */
  async end(): Promise<void> {
    const { link } = this.#dialer;
    if (link === undefined) return this.#dialer.stop();
    await new Promise<void>((resolve) => {
      const patience = setTimeout(() => link.destroy(), this.#options.link.closeTimeoutMs);
      this.#ending = { resolve, patience };
      link.drain();
      this.resume();
    });
  }

  #onConnected(link: Link): void {
    this.#isUp = true;
    link.send((writer) => writeRequest(writer, COMMANDS.registerWorker, this.#options.tags));
    link.accept();
    if (this.#isPaused) link.pause();
    const gateway = formatAddress(this.#gateway);
    this.#log.log(`Linked to the gateway ${gateway} for events`, { gateway });
  }

  /** @throws ProtocolError, which ends the link */
  #onFrame(payload: ByteReader): void {
    if (this.#takeText !== undefined && readTextMessage(payload, this.#takeText)) return;
    const event = readEvent(payload);
    this.#ending?.patience.refresh();
    try {
      this.#sink.event(this.#key, event);
    } catch (error) {
      this.#reportSink(event.type, error);
    }
  }

  #textTaker(): TextMessageTaker | undefined {
    const sink = this.#sink;
    if (sink.textMessage === undefined) return undefined;
    return (connectionId, session, text) => {
      this.#ending?.patience.refresh();
      try {
        sink.textMessage?.(this.#key, connectionId, session, text);
      } catch (error) {
        this.#reportSink('message', error);
      }
    };
  }

  /** Whatever went wrong with one event, those of all other clients come on this link too. */
  #reportSink(type: string, error: unknown): void {
    const gateway = formatAddress(this.#gateway);
    const text = `A ${type} event of the gateway ${gateway} could not be handed over: ${problemOf(error)}`;
    this.#throttle.warn(this.#log, 'sink', text, { gateway, error });
  }

  #onLinkClosed(reason: Error | undefined): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    if (this.#ending !== undefined) {
      this.#dialer.stop();
      clearTimeout(this.#ending.patience);
      this.#ending.resolve();
    } else {
      if (reason !== undefined) this.#report(wasUp, reason);
      if (wasUp) this.#tellOfLoss();
    }
    this.#onClosed();
  }

  #tellOfLoss(): void {
    try {
      this.#sink.gatewayLost?.(this.#key);
    } catch (error) {
      // Dialling anew, and forgetting a gateway that has left, must not depend on it.
      const gateway = formatAddress(this.#gateway);
      const text = `The loss of the gateway ${gateway} could not be handed over: ${problemOf(error)}`;
      this.#throttle.warn(this.#log, 'sink', text, { gateway, error });
    }
  }

  #report(wasUp: boolean, error: Error): void {
    const gateway = formatAddress(this.#gateway);
    const text = wasUp
      ? `The event link to the gateway ${gateway} ended`
      : `The gateway ${gateway} could not be linked for events`;
    this.#throttle.warn(this.#log, wasUp ? 'ended' : 'unreachable', `${text}. ${error.message}`, { gateway });
  }
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
