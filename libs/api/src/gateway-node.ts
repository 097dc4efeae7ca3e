import { LogThrottle, type NodeLog } from '#link';
import {
  COMMANDS,
  formatAddress,
  gatewayKey,
  type ByteString,
  type NodeAddress,
  type Payload,
} from '#protocol';
import { CommandLink } from './command-link.js';
import type { DeadlineWatch } from './deadline-watch.js';
import { encodeRequest, type QuestionDefinition, type RequestDefinition } from './definition.js';
import { EventLink } from './event-link.js';
import type { EventSink } from './event-port.js';
import { HeldCalls } from './held-calls.js';
import { PendingQuestion, type QuestionOutcome, type QuestionTerms } from './pending-question.js';
import type { PoolCounters } from './pool-counters.js';
import type { ResolvedPoolOptions } from './pool-options.js';

/** What all gateways of a pool share. */
export interface GatewayNodeContext {
  readonly options: ResolvedPoolOptions;
  readonly deadlines: DeadlineWatch;
  readonly counters: PoolCounters;
  readonly log: NodeLog;
  /** Its first attempt to connect succeeded or failed. */
  attempted(): void;
  /** It is not listed any more and no link to it works: nothing is left of it. */
  gone(node: GatewayNode): void;
}

/**
 * One gateway as seen from here: its command link, its event link while somebody takes events, and the order of calls.
 *
 * A send to a uid is a barrier: the gateway is asked who has that uid, and whatever is called after it waits here until
 * it has answered and the messages are written. Other gateways do not wait.
 */
export class GatewayNode {
  readonly key: string;
  readonly #name: string;
  readonly #context: GatewayNodeContext;
  readonly #terms: QuestionTerms;
  readonly #throttle: LogThrottle;
  readonly #commands: CommandLink;
  readonly #held: HeldCalls;
  #events: EventLink | undefined;
  #isListed = true;
  #isGone = false;
  #hasAttempted = false;
  /** Lookups of uids that are on the line. */
  #barriers = 0;
  #isReleasing = false;

  constructor(
    readonly address: NodeAddress,
    context: GatewayNodeContext,
  ) {
    const { options, deadlines } = context;
    this.key = gatewayKey(address);
    this.#name = formatAddress(address);
    this.#context = context;
    this.#terms = {
      gateway: address,
      deadlines,
      timeoutMs: options.questionTimeoutMs,
      overdueMs: options.overdueReplyMs,
    };
    this.#throttle = new LogThrottle();
    this.#held = new HeldCalls(options.maxHeldBytes);
    this.#commands = new CommandLink(
      address,
      {
        link: options.commandLink,
        backoff: options.backoff,
        overdueReplyMs: options.overdueReplyMs,
      },
      {
        connected: () => this.#onConnected(),
        lateReply: () => context.counters.lateReplies++,
        closed: (reason, lostCommands) => this.#onCommandLinkClosed(reason, lostCommands),
      },
    );
  }

  get hasAttempted(): boolean {
    return this.#hasAttempted;
  }

  get isLinked(): boolean {
    return this.#commands.isUp;
  }

  start(): void {
    this.#commands.start();
  }

  /** In the register's list, or not: one that is not is forgotten as soon as no link to it works. */
  setListed(isListed: boolean): void {
    this.#isListed = isListed;
    this.#forgetIfDead();
  }

  openEvents(sink: EventSink): void {
    const { options, log } = this.#context;
    const link = { link: options.eventLink, backoff: options.backoff, tags: options.tags };
    this.#events = new EventLink(this.address, this.key, link, sink, log, () => this.#forgetIfDead());
    this.#events.start();
  }

  pauseEvents(): void {
    this.#events?.pause();
  }

  resumeEvents(): void {
    this.#events?.resume();
  }

  async closeEvents(): Promise<void> {
    const events = this.#events;
    this.#events = undefined;
    await events?.end();
  }

  /** @throws InvalidArgumentError for arguments that cannot be written */
  command<Request>(definition: RequestDefinition<Request>, request: Request): void {
    if (!this.#mustWait) {
      if (this.#commands.write(definition, request)) return;
      // Arguments are judged the same, whether or not somebody is there to take them.
      encodeRequest(definition, request);
      return this.#drop(1);
    }
    const waiting = encodeRequest(definition, request);
    this.#held.hold({
      bytes: waiting.body.length,
      run: () => {
        if (!this.#commands.write(waiting.definition, waiting.body)) this.#drop(1);
      },
      drop: (reason) => this.#drop(1, reason),
    });
  }

  /** @param convert called while the reply is read; what it throws is for the caller, and does not end the link */
  ask<Request, Answer, Result>(
    definition: QuestionDefinition<Request, Answer>,
    request: Request,
    convert: (answer: Answer) => Result,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const outcome: QuestionOutcome<Answer> = {
        answered(answer) {
          try {
            resolve(convert(answer));
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
        failed: reject,
      };
      if (!this.#mustWait) {
        const question = new PendingQuestion(this.#terms, definition, outcome);
        return this.#commands.ask(question, definition, request);
      }
      const waiting = encodeRequest(definition, request);
      const question = new PendingQuestion(this.#terms, definition, outcome);
      this.#held.hold({
        bytes: waiting.body.length,
        run: () => {
          if (!question.isSettled) this.#commands.ask(question, waiting.definition, waiting.body);
        },
        drop: (reason) => question.fail(reason),
      });
    });
  }

  /** @param message kept until the gateway has answered: bytes of it must not change */
  sendToUid(uid: ByteString, message: Payload, exclude: ReadonlySet<number>): void {
    let isOnTheLine = false;
    const question = new PendingQuestion(this.#terms, COMMANDS.getClientListByUid, {
      answered: (connectionIds) => {
        for (const connectionId of connectionIds) {
          if (exclude.has(connectionId)) continue;
          if (!this.#commands.write(COMMANDS.sendToClient, { connectionId, message })) this.#drop(1);
        }
        this.#openBarrier();
      },
      failed: (error) => {
        this.#reportFailedSend(error);
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

  /** Resolves when all that was called before is written and the system has taken it. */
  async flush(): Promise<void> {
    if (this.#mustWait) {
      await new Promise<void>((resolve) =>
        this.#held.hold({ bytes: 0, run: resolve, drop: () => resolve() }),
      );
    }
    await this.#commands.flushed();
  }

  /** What is queued is sent; questions that are still open fail with `reason`. */
  async close(reason: Error): Promise<void> {
    this.#isGone = true;
    this.#held.dropAll(reason);
    await Promise.all([this.closeEvents(), this.#commands.stop(reason)]);
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
      this.#held.shift();
      call.run();
    }
    this.#isReleasing = false;
  }

  #onConnected(): void {
    this.#context.log.log(`Linked to the gateway ${this.#name} for commands`, { gateway: this.#name });
    this.#attempted();
  }

  #onCommandLinkClosed(error: Error | undefined, lostCommands: number): void {
    if (lostCommands > 0) this.#drop(lostCommands, error);
    if (error !== undefined && !this.#isGone) {
      this.#throttle.warn(
        this.#context.log,
        'link',
        `The gateway ${this.#name} has no command link; it is dialled again while it is listed. ${error.message}`,
        { gateway: this.#name },
      );
    }
    this.#attempted();
    this.#forgetIfDead();
  }

  #attempted(): void {
    if (this.#hasAttempted) return;
    this.#hasAttempted = true;
    this.#context.attempted();
  }

  #forgetIfDead(): void {
    if (this.#isListed || this.#isGone || this.#commands.isUp || this.#events?.isUp === true) return;
    this.#isGone = true;
    this.#context.gone(this);
  }

  #drop(commands: number, error?: Error): void {
    const { counters } = this.#context;
    counters.droppedCommands += commands;
    this.#throttle.warn(
      this.#context.log,
      'dropped',
      `Commands for the gateway ${this.#name} are dropped: ${error?.message ?? 'there is no link to it'}`,
      { gateway: this.#name, droppedCommands: counters.droppedCommands },
    );
  }

  #reportFailedSend(error: Error): void {
    this.#context.counters.failedUidSends++;
    this.#throttle.warn(
      this.#context.log,
      'uid',
      `A message to a uid did not reach the clients of the gateway ${this.#name}: ${error.message}`,
      { gateway: this.#name },
    );
  }
}
