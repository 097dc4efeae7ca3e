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
import { NO_SEQUENCE } from '../event-port.js';
import type { GuardedSink, NamedSource } from '../guarded-sink.js';
import { Leaving } from '../leaving.js';

export interface EventLinkOptions {
  /** With pings: a gateway may take a worker that is silent for dead. */
  readonly link: LinkOptions;
  readonly backoff: Partial<BackoffOptions>;
  readonly tags: readonly Tag[];
}

/** One link's events: nothing of them is acknowledged. */
class BaseEventSource implements NamedSource {
  readonly appliedWrites = 0;

  constructor(
    readonly gateway: string,
    readonly name: string,
  ) {}

  acknowledge(): void {
    // The base protocol has no word for it.
  }
}

/**
 * The link on which one gateway sends us events. It says RegisterWorker first, and nothing but pings after that.
 * A link of its own, because a reply cannot be told from an event.
 */
export class EventLink {
  readonly #name: string;
  readonly #key: string;
  readonly #options: EventLinkOptions;
  readonly #sink: GuardedSink;
  readonly #log: NodeLog;
  readonly #throttle: LogThrottle;
  readonly #onClosed: () => void;
  readonly #dialer: Dialer;
  readonly #takeText: TextMessageTaker | undefined;
  #source: BaseEventSource;
  #isUp = false;
  #isPaused = false;
  #leaving: Leaving | undefined;
  #onEnded: () => void = () => undefined;

  /** @param onClosed a link ended, or could not be made; it is dialled again unless `end` was called */
  constructor(
    gateway: NodeAddress,
    key: string,
    options: EventLinkOptions,
    sink: GuardedSink,
    log: NodeLog,
    onClosed: () => void,
  ) {
    this.#name = formatAddress(gateway);
    this.#key = key;
    this.#options = options;
    this.#sink = sink;
    this.#log = log;
    this.#throttle = new LogThrottle();
    this.#onClosed = onClosed;
    this.#source = new BaseEventSource(key, this.#name);
    this.#takeText = sink.takesText ? this.#onText : undefined;
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
    if (this.#leaving !== undefined) return;
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
    const ended = new Promise<void>((resolve) => (this.#onEnded = resolve));
    this.#leaving = new Leaving(this.#options.link.closeTimeoutMs, () => link.destroy());
    link.drain();
    this.resume();
    await ended;
  }

  #onConnected(link: Link): void {
    this.#isUp = true;
    this.#source = new BaseEventSource(this.#key, this.#name);
    link.send((writer) => writeRequest(writer, COMMANDS.registerWorker, this.#options.tags));
    link.accept();
    if (this.#isPaused) link.pause();
    this.#log.log(`Linked to the gateway ${this.#name} for events`, { gateway: this.#name });
  }

  /** @throws ProtocolError, which ends the link */
  #onFrame(payload: ByteReader): void {
    if (this.#takeText !== undefined && readTextMessage(payload, this.#takeText)) return;
    const event = readEvent(payload);
    this.#leaving?.goesOn();
    this.#sink.event(this.#source, event, NO_SEQUENCE, false);
  }

  readonly #onText: TextMessageTaker = (connectionId, session, text) => {
    this.#leaving?.goesOn();
    this.#sink.textMessage(this.#source, connectionId, session, text, NO_SEQUENCE);
  };

  #onLinkClosed(reason: Error | undefined): void {
    const wasUp = this.#isUp;
    this.#isUp = false;
    if (this.#leaving !== undefined) {
      this.#dialer.stop();
      this.#leaving.end();
      this.#onEnded();
    } else {
      if (reason !== undefined) this.#report(wasUp, reason);
      if (wasUp) this.#sink.gatewayLost(this.#key, this.#name);
    }
    this.#onClosed();
  }

  #report(wasUp: boolean, error: Error): void {
    const text = wasUp
      ? `The event link to the gateway ${this.#name} ended`
      : `The gateway ${this.#name} could not be linked for events`;
    this.#throttle.warn(this.#log, wasUp ? 'ended' : 'unreachable', `${text}. ${error.message}`, {
      gateway: this.#name,
    });
  }
}
