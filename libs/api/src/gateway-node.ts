import { formatAddress, type ByteString, type GatewayEntry, type NodeAddress, type Payload } from '#protocol';
import { isAddressKey, listKey } from './address-key.js';
import { BaseChannel } from './base/base-channel.js';
import type {
  ChannelContext,
  ChannelEnd,
  ChannelObserver,
  ChannelTarget,
  GatewayChannel,
} from './channel.js';
import type { QuestionDefinition, RequestDefinition } from './definition.js';
import { GatewayReplacedError } from './errors.js';
import type { SinkTerms } from './event-port.js';
import { ExtensionChannel } from './extension/extension-channel.js';
import { GatewayLoss } from './gateway-loss.js';
import { GatewayReport } from './gateway-report.js';
import type { GuardedSink } from './guarded-sink.js';
import { PendingQuestion, type QuestionOutcome, type QuestionTerms } from './pending-question.js';

/** What all gateways of a pool share. */
export interface GatewayNodeContext extends ChannelContext {
  /** Its first attempt to connect succeeded or failed. */
  attempted(): void;
  /**
   * It has told its id, which no list said, and which `identify` gives it.
   * @throws GatewayListedTwiceError when another address leads to the same gateway
   */
  identified(node: GatewayNode, id: string, identify: () => void): void;
  /** It is not listed any more and no link to it works: nothing is left of it. */
  gone(node: GatewayNode): void;
  /** The gateway with this id is linked. */
  found(gateway: string): void;
  /** A gateway is gone with its clients. */
  lost(gateway: string, name: string): void;
  congested(node: GatewayNode): void;
  drained(node: GatewayNode): void;
  dropped(node: GatewayNode, commands: number, reason: Error | undefined): void;
}

/** One gateway as seen from here, linked or not: its channel, whether it is listed, and what becomes of it. */
export class GatewayNode {
  readonly address: NodeAddress;
  readonly #name: string;
  readonly #context: GatewayNodeContext;
  readonly #questions: QuestionTerms;
  readonly #report: GatewayReport;
  readonly #channel: GatewayChannel;
  readonly #loss: GatewayLoss;
  /** A list says who it is: who else answers at its address is not it. */
  readonly #isIdListed: boolean;
  #key: string;
  #isListed = true;
  #isGone = false;
  #hasAttempted = false;
  #interruption: Promise<void> | undefined;

  constructor(entry: GatewayEntry, context: GatewayNodeContext) {
    const { options, deadlines } = context;
    this.address = entry.address;
    this.#isIdListed = entry.id !== '';
    this.#key = listKey(entry, options.protocol);
    this.#name = formatAddress(entry.address);
    this.#context = context;
    this.#report = new GatewayReport(this.#name, context);
    this.#questions = {
      gateway: entry.address,
      deadlines,
      timeoutMs: options.questionTimeoutMs,
      overdueMs: options.overdueReplyMs,
    };
    this.#loss = new GatewayLoss(options.gatewayLostAfterMs, () => this.#tellLoss());
    const target: ChannelTarget = {
      address: entry.address,
      name: this.#name,
      questions: this.#questions,
    };
    this.#channel =
      options.protocol === 'base'
        ? new BaseChannel(target, context, this.#observer())
        : new ExtensionChannel(target, context, this.#observer());
  }

  /** The first half of its clients' ids; before it has told it, something that no id begins with. */
  get key(): string {
    return this.#key;
  }

  get hasAttempted(): boolean {
    return this.#hasAttempted;
  }

  /** Whether its key is the one that its clients' ids begin with. */
  get isIdentified(): boolean {
    return !isAddressKey(this.#key);
  }

  get channel(): GatewayChannel {
    return this.#channel;
  }

  get isLinked(): boolean {
    return this.#channel.isLinked;
  }

  /** Until it resolves, handlers of its events run, whose link is over. */
  get interruption(): Promise<void> | undefined {
    return this.#interruption;
  }

  /** @param former resolves when nothing runs any more of what came from this gateway before: it is not dialled until then */
  start(former?: Promise<void>): void {
    if (former !== undefined) return void former.then(() => this.start());
    if (this.#isGone) return;
    this.#channel.start();
    this.#watchLoss();
  }

  /** In the register's list, or not: one that is not is forgotten as soon as no link to it works. */
  setListed(isListed: boolean): void {
    this.#isListed = isListed;
    this.#forgetIfDead();
  }

  takeEvents(sink: GuardedSink, terms: SinkTerms): void {
    this.#channel.takeEvents(sink, terms);
  }

  pauseEvents(): void {
    this.#channel.pauseEvents();
  }

  resumeEvents(): void {
    this.#channel.resumeEvents();
  }

  /** Resolves when no more events of it come. */
  leave(): Promise<void> {
    return this.#channel.leave();
  }

  /** @throws InvalidArgumentError for arguments that cannot be written */
  command<Request>(definition: RequestDefinition<Request>, request: Request, key?: ByteString): void {
    this.#channel.command(definition, request, key);
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
      this.#channel.ask(new PendingQuestion(this.#questions, definition, outcome), definition, request);
    });
  }

  sendToUid(uid: ByteString, message: Payload, exclude: readonly number[], key?: ByteString): void {
    this.#channel.sendToUid(uid, message, exclude, key);
  }

  /** Resolves when all that was called before is written and the system has taken it. */
  flush(): Promise<void> {
    return this.#channel.flushed();
  }

  /** What is queued is sent; questions that are still open fail with `reason`. */
  close(reason: Error): Promise<void> {
    this.#isGone = true;
    this.#loss.stop();
    return this.#channel.stop(reason);
  }

  get #isBase(): boolean {
    return this.#context.options.protocol === 'base';
  }

  #observer(): ChannelObserver {
    const context = this.#context;
    return {
      linked: (gateway) => this.#onLinked(gateway),
      unlinked: (end) => this.#onUnlinked(end),
      eventLinkClosed: () => this.#forgetIfDead(),
      dropped: (commands, reason) => this.#drop(commands, reason),
      uidSendFailed: (error) => this.#onUidSendFailed(error),
      congested: () => context.congested(this),
      drained: () => context.drained(this),
    };
  }

  #onLinked(gateway: string | undefined): void {
    if (gateway !== undefined && gateway !== this.#key) this.#becomeOther(gateway);
    this.#loss.linked();
    if (gateway !== undefined) this.#context.found(gateway);
    this.#report.linked();
    this.#attempted();
  }

  /** @throws GatewayReplacedError where a list says that another one is meant */
  #becomeOther(gateway: string): void {
    if (this.isIdentified) this.#loss.replaced();
    if (this.#isIdListed) throw new GatewayReplacedError(this.address, this.#key, gateway);
    this.#context.identified(this, gateway, () => (this.#key = gateway));
  }

  #onUnlinked({ reason, isInOrder, interruption, wasLinked }: ChannelEnd): void {
    if (wasLinked) this.#loss.unlinked(isInOrder);
    if (wasLinked && !isInOrder && reason !== undefined) this.#context.counters.lostLinks++;
    this.#interruption = interruption;
    if (isInOrder) this.#report.stopped();
    else if (reason !== undefined && !this.#isGone) this.#report.linkEnded(reason, wasLinked);
    this.#attempted();
    this.#forgetIfDead();
    this.#watchLoss();
  }

  /** Over the base protocol a gateway is lost with its event link. */
  #watchLoss(): void {
    if (this.#isGone || this.#isBase || !this.isIdentified) return;
    this.#afterInterruption(() => {
      if (!this.#isGone && !this.isLinked) this.#loss.dialling();
    });
  }

  #tellLoss(): void {
    const gateway = this.#key;
    this.#afterInterruption(() => this.#context.lost(gateway, this.#name));
  }

  /** When no handler runs any more of what came on the last link. */
  #afterInterruption(then: () => void): void {
    if (this.#interruption === undefined) then();
    else void this.#interruption.then(then);
  }

  #attempted(): void {
    if (this.#hasAttempted) return;
    this.#hasAttempted = true;
    this.#context.attempted();
  }

  #forgetIfDead(): void {
    if (this.#isListed || this.#isGone || this.#channel.isAlive) return;
    this.#isGone = true;
    const isSaid = !this.#isBase && this.#loss.forgotten();
    if (!isSaid) this.#report.left();
    this.#context.gone(this);
  }

  #drop(commands: number, error?: Error): void {
    this.#context.counters.droppedCommands += commands;
    this.#report.dropped(error);
    this.#context.dropped(this, commands, error);
  }

  #onUidSendFailed(error: Error): void {
    this.#context.counters.failedUidSends++;
    this.#report.uidSendFailed(error);
  }
}
