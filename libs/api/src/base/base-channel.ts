import { COMMANDS, gatewayKey, type ByteString, type Payload } from '#protocol';
import type { ChannelContext, ChannelObserver, ChannelTarget, GatewayChannel } from '../channel.js';
import { encodeRequest, type RequestDefinition } from '../definition.js';
import type { GuardedSink } from '../guarded-sink.js';
import { HeldCalls } from '../held-calls.js';
import { PendingQuestion } from '../pending-question.js';
import { CommandLink } from './command-link.js';
import { EventLink } from './event-link.js';

/**
 * A gateway as the base protocol reaches it: a command link, and an event link while somebody takes events.
 *
 * A send to a uid is a barrier: the gateway is asked who has that uid, and whatever is called after it waits here until
 * it has answered and the messages are written. Other gateways do not wait.
 */
export class BaseChannel implements GatewayChannel {
  readonly #target: ChannelTarget;
  readonly #context: ChannelContext;
  readonly #observer: ChannelObserver;
  readonly #commands: CommandLink;
  readonly #held: HeldCalls;
  #events: EventLink | undefined;
  /** Lookups of uids that are on the line. */
  #barriers = 0;
  #isReleasing = false;

  constructor(target: ChannelTarget, context: ChannelContext, observer: ChannelObserver) {
    const { options, counters } = context;
    this.#target = target;
    this.#context = context;
    this.#observer = observer;
    this.#held = new HeldCalls(options.maxHeldBytes);
    this.#commands = new CommandLink(
      target.address,
      { link: options.commandLink, backoff: options.backoff, overdueReplyMs: options.overdueReplyMs },
      {
        connected: () => observer.linked(undefined),
        lateReply: () => counters.lateReplies++,
        closed: (reason, wasUp, lostCommands) => this.#onCommandLinkClosed(reason, wasUp, lostCommands),
        congested: () => observer.congested(),
        drained: () => observer.drained(),
      },
    );
  }

  get isLinked(): boolean {
    return this.#commands.isUp;
  }

  get isAlive(): boolean {
    return this.#commands.isUp || this.#events?.isUp === true;
  }

  get commandLink(): undefined {
    return undefined;
  }

  get queuedBytes(): number {
    return this.#commands.queuedBytes;
  }

  start(): void {
    this.#commands.start();
  }

  async stop(reason: Error): Promise<void> {
    this.#held.dropAll(reason);
    await Promise.all([this.leave(), this.#commands.stop(reason)]);
  }

  command<Request>(definition: RequestDefinition<Request>, request: Request): void {
    if (!this.#mustWait) {
      if (this.#commands.write(definition, request)) return;
      // Arguments are judged the same, whether or not somebody is there to take them.
      encodeRequest(definition, request);
      return this.#observer.dropped(1);
    }
    const waiting = encodeRequest(definition, request);
    this.#held.hold({
      bytes: waiting.body.length,
      run: () => {
        if (!this.#commands.write(waiting.definition, waiting.body)) this.#observer.dropped(1);
      },
      drop: (reason) => this.#observer.dropped(1, reason),
    });
  }

  ask<Request>(
    question: PendingQuestion<unknown>,
    definition: RequestDefinition<Request>,
    request: Request,
  ): void {
    if (!this.#mustWait) return this.#commands.ask(question, definition, request);
    this.#held.holdQuestion(question, definition, request, (waiting) =>
      this.#commands.ask(question, waiting.definition, waiting.body),
    );
  }

  sendToUid(uid: ByteString, message: Payload, exclude: readonly number[]): void {
    const excluded = new Set(exclude);
    let isOnTheLine = false;
    const question = new PendingQuestion(this.#target.questions, COMMANDS.getClientListByUid, {
      answered: (connectionIds) => {
        for (const connectionId of connectionIds) {
          if (excluded.has(connectionId)) continue;
          if (!this.#commands.write(COMMANDS.sendToClient, { connectionId, message }))
            this.#observer.dropped(1);
        }
        this.#openBarrier();
      },
      failed: (error) => {
        this.#observer.uidSendFailed(error);
        if (isOnTheLine) this.#openBarrier();
      },
    });
    const ask = (): void => {
      if (question.isSettled) return;
      isOnTheLine = true;
      this.#barriers++;
      this.#commands.ask(question, COMMANDS.getClientListByUid, { uid });
    };
    // Lookups change nothing, so those of several sends in a row are on the line together; their answers keep the order.
    if (this.#held.size === 0) return ask();
    this.#held.hold({
      bytes: uid.length + message.length,
      joinsBarrier: true,
      run: ask,
      drop: (reason) => question.fail(reason),
    });
  }

  takeEvents(sink: GuardedSink): void {
    const { options, log } = this.#context;
    const { address } = this.#target;
    const link = { link: options.eventLink, backoff: options.backoff, tags: options.tags };
    const onClosed = (): void => this.#observer.eventLinkClosed();
    this.#events = new EventLink(address, gatewayKey(address), link, sink, log, onClosed);
    this.#events.start();
  }

  async leave(): Promise<void> {
    const events = this.#events;
    this.#events = undefined;
    await events?.end();
  }

  pauseEvents(): void {
    this.#events?.pause();
  }

  resumeEvents(): void {
    this.#events?.resume();
  }

  async flushed(): Promise<void> {
    if (this.#mustWait) await this.#held.passed();
    await this.#commands.flushed();
  }

  get #mustWait(): boolean {
    return this.#barriers > 0 || this.#held.size > 0;
  }

  #openBarrier(): void {
    this.#barriers--;
    // A lookup that cannot be asked opens its barrier at once: the loop that released it goes on, and needs no second one.
    if (this.#isReleasing) return;
    this.#isReleasing = true;
    for (let call = this.#held.peek(); call !== undefined; call = this.#held.peek()) {
      if (this.#barriers > 0 && call.joinsBarrier !== true) break;
      this.#held.runNext();
    }
    this.#isReleasing = false;
  }

  #onCommandLinkClosed(reason: Error | undefined, wasLinked: boolean, lostCommands: number): void {
    if (lostCommands > 0) this.#observer.dropped(lostCommands, reason);
    this.#observer.unlinked({ reason, wasLinked, isInOrder: false, interruption: undefined });
  }
}
