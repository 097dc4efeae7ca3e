import { LogThrottle } from '#link';
import { codeFact, type ByteString, type GatewayEntry } from '#protocol';
import type { Membership } from '#register';
import { DeadlineWatch } from './deadline-watch.js';
import { encodeRequest, type QuestionDefinition, type RequestDefinition } from './definition.js';
import { EarlyCalls } from './early-calls.js';
import { ApiClosedError, GatewayUnavailableError, NoRegisterError } from './errors.js';
import type { EventPort, EventSink, SinkTerms } from './event-port.js';
import { EventSubscription } from './event-subscription.js';
import { AcknowledgementTurn } from './extension/acknowledgement-turn.js';
import { flushAll, flushAtLast } from './flush-all.js';
import type { GatewayNode, GatewayNodeContext } from './gateway-node.js';
import { reportLateStart } from './late-start.js';
import { ListedGateways } from './listed-gateways.js';
import { NodeTable } from './node-table.js';
import { noCounts, type PoolCounters } from './pool-counters.js';
import { PoolNews } from './pool-news.js';
import {
  resolvePoolOptions,
  type GatewayProtocol,
  type PoolOptions,
  type ResolvedPoolOptions,
} from './pool-options.js';
import { within } from './within.js';

/**
 * The links of this process to all gateways: follows the membership, sends calls in order, hands events to a sink.
 *
 * Until the first list of gateways has come, nobody knows where a call should go: calls wait, in order, and run when it comes.
 * After that a listed gateway that cannot be reached is dialled again with growing waits, and one that is not listed any more
 * is kept as long as a link to it works.
 */
export class GatewayPool implements EventPort {
  readonly #membership: Membership;
  readonly #options: ResolvedPoolOptions;
  readonly #deadlines = new DeadlineWatch();
  readonly #counters = noCounts();
  readonly #throttle: LogThrottle;
  readonly #news: PoolNews;
  readonly #nodes = new NodeTable();
  readonly #gateways: ListedGateways;
  readonly #events: EventSubscription;
  readonly #early: EarlyCalls;
  #isListed = false;
  #isReady = false;
  #leaveMembership: (() => void) | undefined;
  #starting: Promise<void> | undefined;
  #onLinked: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /** @throws InvalidOptionError for an unknown option or a wrong value */
  constructor(membership: Membership, options: Partial<PoolOptions> = {}) {
    this.#membership = membership;
    this.#options = resolvePoolOptions(options);
    this.#early = new EarlyCalls(this.#options, this.#deadlines, (timeoutMs) => this.#notReady(timeoutMs));
    this.#throttle = new LogThrottle();
    this.#news = new PoolNews(this.#options.log);
    this.#events = new EventSubscription(this.#nodes, this.#options.log);
    const turn = new AcknowledgementTurn(() => this.#nodes.links());
    const context: GatewayNodeContext = {
      turn,
      options: this.#options,
      deadlines: this.#deadlines,
      counters: this.#counters,
      log: this.#options.log,
      attempted: () => this.#onProgress(),
      identified: (node, id, identify) => this.#nodes.identify(node, id, identify),
      gone: (node) => this.#gateways.forget(node),
      found: (gateway) => this.#events.found(gateway),
      lost: (gateway, name) => this.#events.lost(gateway, name),
      congested: ({ address }) => this.#news.congested(address),
      drained: ({ address }) => this.#news.drained(address),
      dropped: ({ address }, commands, reason) => this.#news.dropped(address, commands, reason),
    };
    this.#gateways = new ListedGateways(this.#nodes, context, (node) => this.#events.added(node));
  }

  /** A first list of gateways has come, and where it does not say their ids each of them was tried. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The gateways that calls to all go to, in the order of their keys: those listed, and those whose link still works. */
  get members(): readonly GatewayNode[] {
    return this.#nodes.inOrder;
  }

  get counters(): Readonly<PoolCounters> {
    return this.#counters;
  }

  /** The largest frame that a link takes. */
  get maxFrameBytes(): number {
    return this.#options.commandLink.maxFrameBytes;
  }

  /** @param key the first half of its clients' ids, or `addressKey` of its address */
  node(key: string): GatewayNode | undefined {
    return this.#nodes.get(key);
  }

  /**
   * Starts to follow the membership. Resolves when the first list has come and every gateway on it was linked, or has been tried;
   * after `startTimeoutMs` in any case, with a warning: what could not be reached is reached later.
   */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Sends what is queued, ends all links and stops following the membership. Calls after it are dropped, questions fail. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Over the base protocol a gateway does not know how much this process can take. */
  get isWindowed(): boolean {
    return this.protocol === 'nestwire';
  }

  get protocol(): GatewayProtocol {
    return this.#options.protocol;
  }

  /** How the gateways keep up with what is called. */
  get news(): PoolNews {
    return this.#news;
  }

  /** @throws SinkTakenError when there is a sink already */
  subscribe(sink: EventSink, terms: SinkTerms): void {
    this.#events.begin(sink, terms);
  }

  /** Over the base protocol: reads this gateway's events no more until `resume`, also on links that are made meanwhile. */
  pause(key: string): void {
    this.#events.pause(key);
  }

  resume(key: string): void {
    this.#events.resume(key);
  }

  /** Takes no more events; commands go on. Events that are under way still reach the sink, until `eventsEnded`. */
  unsubscribe(): void {
    this.#events.end();
  }

  /** Resolves when no more events come after `unsubscribe`: at the latest when the gateways have sent nothing for `closeTimeoutMs`. */
  eventsEnded(): Promise<void> {
    return this.#events.ended();
  }

  /**
   * A command to one gateway. Dropped and counted when that gateway is not known.
   * @throws InvalidArgumentError for arguments that cannot be written
   */
  command<Request>(
    key: string,
    definition: RequestDefinition<Request>,
    request: Request,
    coalescingKey?: ByteString,
  ): void {
    if (this.#isReady) {
      const node = this.#nodes.get(key);
      if (node !== undefined) return node.command(definition, request, coalescingKey);
    }
    const waiting = encodeRequest(definition, request);
    this.whenReady(waiting.body.length, () => {
      const node = this.#nodes.get(key);
      if (node === undefined) this.#drop();
      else node.command(waiting.definition, waiting.body, coalescingKey);
    });
  }

  /**
   * A question to one gateway; `unknown` is the answer when there is no such gateway.
   * @param convert called while the reply is read: views into it are valid during the call only
   */
  ask<Request, Answer, Result>(
    key: string,
    definition: QuestionDefinition<Request, Answer>,
    request: Request,
    convert: (answer: Answer) => Result,
    unknown: () => Result,
  ): Promise<Result> {
    if (this.#isReady) {
      const node = this.#nodes.get(key);
      if (node !== undefined) return node.ask(definition, request, convert);
    }
    const { definition: encoded, body } = encodeRequest(definition, request);
    const again = { ...encoded, reply: definition.reply };
    return this.askWhenReady(
      async () => this.#nodes.get(key)?.ask(again, body, convert) ?? unknown(),
      body.length,
    );
  }

  /**
   * Runs `call` now, or when the first list of gateways comes: in the order of the calls.
   * @param bytes what waits in memory until then
   */
  whenReady(bytes: number, call: () => void): void {
    if (this.#isReady && !this.#isClosed) return call();
    const drop = (reason: Error): void => this.#drop(reason);
    if (this.#isClosed) return drop(new ApiClosedError());
    this.#early.holdCommand(bytes, call, drop);
  }

  /** The same for a question: it waits for the list no longer than a question waits for its answer. */
  askWhenReady<Result>(
    ask: () => Promise<Result>,
    bytes = 0,
    timeoutMs = this.#options.questionTimeoutMs,
  ): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new ApiClosedError());
    if (this.#isReady) return ask();
    return this.#early.holdQuestion(bytes, ask, timeoutMs);
  }

  /**
   * Resolves when everything called so far is written, and taken by the system: also what waits for a link, or behind a `sendToUid`.
   * @throws NoRegisterError when no list of gateways came in `questionTimeoutMs` (where that is 0, in `flushTimeoutMs`), FlushTimeoutError when some gateways have not
   * taken it in `flushTimeoutMs`
   */
  async flush(): Promise<void> {
    // Nothing was called that could be under way, or wait for the list.
    if (!this.#isReady && this.#early.size === 0) return;
    const { questionTimeoutMs, flushTimeoutMs } = this.#options;
    const flush = (): Promise<void> => flushAll(this.members, flushTimeoutMs);
    // Questions may have no deadline of their own: whoever flushes waits no longer than for a gateway that takes nothing.
    await this.askWhenReady(flush, 0, questionTimeoutMs || flushTimeoutMs);
  }

  #notReady(timeoutMs: number): Error {
    const unknown = this.members.find((node) => !node.isIdentified);
    return unknown === undefined
      ? new NoRegisterError(timeoutMs)
      : new GatewayUnavailableError(unknown.address, 'has not told its id yet');
  }

  async #start(): Promise<void> {
    const { startTimeoutMs } = this.#options;
    const linked = new Promise<void>((resolve) => (this.#onLinked = resolve));
    this.#leaveMembership = this.#membership.subscribe((gateways) => this.#onGateways(gateways));
    this.#membership.start();
    if (startTimeoutMs === 0 || (await within(startTimeoutMs, linked)) || this.#isClosed) return;
    const { refusedBy = [] } = this.#membership;
    reportLateStart(this.#isListed ? this.members : undefined, refusedBy, this.#options);
  }

  async #close(): Promise<void> {
    this.#leaveMembership?.();
    if (this.#isReady) await flushAtLast(this.flush(), this.#options);
    this.#isClosed = true;
    const reason = new ApiClosedError();
    this.#early.dropAll(reason);
    this.#onLinked?.();
    const nodes = this.members;
    this.#nodes.clear();
    try {
      await Promise.all([...nodes.map((node) => node.close(reason)), this.#membership.close()]);
    } finally {
      this.#deadlines.close();
    }
  }

  #onGateways(gateways: readonly GatewayEntry[]): void {
    this.#gateways.follow(gateways);
    this.#isListed = true;
    this.#onProgress();
  }

  #onProgress(): void {
    if (!this.#isListed || this.#isClosed) return;
    if (!this.#isReady && this.members.every((node) => node.isIdentified || node.hasAttempted)) {
      this.#isReady = true;
      this.#early.runAll();
      this.#events.open();
    }
    if (this.#isReady && this.members.every((node) => node.hasAttempted)) this.#onLinked?.();
  }

  #drop(reason?: Error): void {
    const droppedCommands = ++this.#counters.droppedCommands;
    const text = `Commands are dropped: ${reason?.message ?? 'no register lists the gateway of their client'}`;
    this.#throttle.warn(this.#options.log, 'dropped', text, {
      droppedCommands,
      ...codeFact(reason),
    });
  }
}
