import { randomBytes } from 'node:crypto';
import { Dialer, LinkClosedError, dialerHandshake, secretsOf, type Link, type PeerIdentity } from '#link';
import { sendToUid, type ByteString, type Payload } from '#protocol';
import type { ChannelContext, ChannelObserver, ChannelTarget, GatewayChannel } from '../channel.js';
import { encodeRequest, type RequestDefinition } from '../definition.js';
import {
  GatewayCongestedError,
  GatewayLostError,
  GatewayReplacedError,
  GatewayUnavailableError,
} from '../errors.js';
import type { SinkTerms } from '../event-port.js';
import type { GuardedSink } from '../guarded-sink.js';
import { HeldCalls } from '../held-calls.js';
import type { PendingQuestion } from '../pending-question.js';
import { LinkSession } from './link-session.js';
import { Redial } from './redial.js';

const SESSION_BYTES = 16;

/** Who takes events of whatever link there is. */
interface Subscription {
  readonly sink: GuardedSink;
  readonly terms: SinkTerms;
}

/**
 * A gateway as ours are reached: one link for commands, questions and events. Each link is a session of its own, and one that had
 * events is followed by another only when no handler of them runs any more.
 *
 * What is called while a link is being made waits for it; between two attempts it is dropped.
 */
export class ExtensionChannel implements GatewayChannel {
  readonly #target: ChannelTarget;
  readonly #context: ChannelContext;
  readonly #observer: ChannelObserver;
  readonly #dialer: Dialer;
  readonly #redial: Redial;
  readonly #held: HeldCalls;
  #session: LinkSession | undefined;
  /** Who it was when it was linked last. */
  #gateway: string | undefined;
  #subscription: Subscription | undefined;
  #isStopped = false;
  #onGone: (() => void) | undefined;

  constructor(target: ChannelTarget, context: ChannelContext, observer: ChannelObserver) {
    const { options } = context;
    this.#target = target;
    this.#context = context;
    this.#observer = observer;
    this.#held = new HeldCalls(options.maxHeldBytes);
    const terms = {
      secrets: secretsOf(options.secret),
      role: 'caller',
      peerRole: 'gateway',
      name: options.name,
      session: () => randomBytes(SESSION_BYTES).toString('hex'),
    } as const;
    const handler = dialerHandshake(terms, {
      welcomed: (link, peer) => this.#onWelcomed(link, peer),
      frame: (payload) => this.#session?.frame(payload),
      congested: () => observer.congested(),
      drained: () => observer.drained(),
      closed: (_link, reason) => this.#onClosed(reason),
    });
    this.#dialer = new Dialer(target.address, options.extensionLink, handler, options.backoff);
    this.#redial = new Redial(this.#dialer, options.backoff);
  }

  get isLinked(): boolean {
    return this.#openSession !== undefined;
  }

  /** Also while it is being closed: how it ended, and whether that was in order, is known when it is gone. */
  get isAlive(): boolean {
    return this.#session !== undefined;
  }

  get commandLink(): Link | undefined {
    return this.#session?.link;
  }

  get queuedBytes(): number {
    return this.#session?.link.queuedBytes ?? 0;
  }

  start(): void {
    this.#dialer.start();
  }

  async stop(reason: Error): Promise<void> {
    this.#isStopped = true;
    this.#redial.stop();
    this.#held.dropAll(reason);
    this.#context.turn.settle();
    this.#session?.close(reason);
    const gone =
      this.#dialer.link === undefined
        ? Promise.resolve()
        : new Promise<void>((resolve) => (this.#onGone = resolve));
    this.#dialer.stop();
    await gone;
  }

  command<Request>(definition: RequestDefinition<Request>, request: Request, key?: ByteString): void {
    const session = this.#openSession;
    if (session !== undefined) {
      if (session.command(definition, request, key)) return;
      return this.#observer.dropped(1, this.#congestion(session));
    }
    const waiting = encodeRequest(definition, request);
    if (!this.#isComing) return this.#observer.dropped(1);
    this.#held.hold({
      bytes: waiting.body.length,
      run: () => this.command(waiting.definition, waiting.body, key),
      drop: (reason) => this.#observer.dropped(1, reason),
    });
  }

  ask<Request>(
    question: PendingQuestion<unknown>,
    definition: RequestDefinition<Request>,
    request: Request,
  ): void {
    const session = this.#openSession;
    if (session !== undefined) return session.ask(question, definition, request);
    if (!this.#isComing) {
      return question.fail(new GatewayUnavailableError(this.#target.address, 'is not reachable at present'));
    }
    this.#held.holdQuestion(question, definition, request, (waiting) =>
      this.ask(question, waiting.definition, waiting.body),
    );
  }

  sendToUid(uid: ByteString, message: Payload, exclude: readonly number[], key?: ByteString): void {
    this.command(sendToUid, { uid, exclude, message }, key);
  }

  takeEvents(sink: GuardedSink, terms: SinkTerms): void {
    this.#subscription = { sink, terms };
    void this.#take();
  }

  async leave(): Promise<void> {
    this.#subscription = undefined;
    await this.#session?.leave();
  }

  pauseEvents(): void {
    // The gateway keeps to the window, and replies come on the same link.
  }

  resumeEvents(): void {
    // As above.
  }

  async flushed(): Promise<void> {
    if (this.#held.size > 0) await this.#held.passed();
    this.#context.turn.settle();
    await this.#session?.taken();
  }

  /** The link while it takes commands: a gateway that has closed its side does not. */
  get #openSession(): LinkSession | undefined {
    const session = this.#session;
    return session?.link.state === 'open' ? session : undefined;
  }

  /** A link is being made. */
  get #isComing(): boolean {
    return this.#session === undefined && this.#dialer.link !== undefined && !this.#isStopped;
  }

  #onWelcomed(link: Link, peer: PeerIdentity): void {
    // First, because what it throws ends the link: to the wrong gateway nothing is said.
    this.#observer.linked(peer.gatewayId);
    this.#dropForFormer(peer.gatewayId);
    this.#session = new LinkSession(link, peer, this.#target, this.#context);
    void this.#take();
    while (this.#held.runNext());
  }

  /** What waits was called for the gateway that was here before: where another one is now, its connections have other clients. */
  #dropForFormer(gateway: string): void {
    const former = this.#gateway;
    this.#gateway = gateway;
    if (former === undefined || former === gateway) return;
    this.#held.dropAll(new GatewayReplacedError(this.#target.address, former, gateway));
  }

  /**
   * Asks for events. Where somebody has taken them before, he gets the rest of them, and then a link is made anew: a gateway gives
   * events once on each, and takes what he did not get done with to another worker.
   */
  async #take(): Promise<void> {
    const session = this.#openSession;
    if (session === undefined || this.#subscription === undefined) return;
    if (!session.hasTaken) return session.take(this.#subscription.sink, this.#subscription.terms);
    await session.leave();
    if (this.#subscription === undefined || this.#openSession !== session) return;
    this.#context.turn.settle();
    session.link.close();
  }

  #onClosed(reason: Error | undefined): void {
    const session = this.#session;
    const { address } = this.#target;
    if (session === undefined) {
      const error = new GatewayUnavailableError(address, 'could not be connected', { cause: reason });
      this.#held.dropAll(error);
      this.#ended(reason, false, false);
    } else {
      this.#session = undefined;
      const isInOrder = session.hasLeft && isOfItsOwn(reason);
      const error = new GatewayLostError(address, { cause: reason });
      const interruption = this.#isStopped ? undefined : session.end(error);
      if (interruption !== undefined) this.#redial.after(interruption, session.ageMs);
      this.#ended(reason, true, isInOrder, interruption);
    }
  }

  #ended(
    reason: Error | undefined,
    wasLinked: boolean,
    isInOrder: boolean,
    interruption?: Promise<void>,
  ): void {
    this.#observer.unlinked({ reason, wasLinked, isInOrder, interruption });
    this.#onGone?.();
  }

  #congestion({ link }: LinkSession): GatewayCongestedError {
    return new GatewayCongestedError(this.#target.address, link.queuedBytes);
  }
}

/** The gateway has closed its side, or its process has ended with something of ours unread; or we have ended the link. */
function isOfItsOwn(reason: Error | undefined): boolean {
  if (reason === undefined) return true;
  if (!(reason instanceof LinkClosedError)) return false;
  const { cause } = reason;
  return cause === undefined || (cause instanceof Error && 'code' in cause && isReset(cause.code));
}

function isReset(code: unknown): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE';
}
