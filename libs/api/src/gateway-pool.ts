import { LogThrottle } from '#link';
import { formatAddress, gatewayKey, type NodeAddress } from '#protocol';
import type { Membership } from '#register';
import { DeadlineWatch, type Watched } from './deadline-watch.js';
import { encodeRequest, type QuestionDefinition, type RequestDefinition } from './definition.js';
import { ApiClosedError, GatewayUnavailableError, NoRegisterError, SinkTakenError } from './errors.js';
import type { EventPort, EventSink } from './event-port.js';
import { GatewayNode, type GatewayNodeContext } from './gateway-node.js';
import { HeldCalls } from './held-calls.js';
import { noCounts, type PoolCounters } from './pool-counters.js';
import { resolvePoolOptions, type PoolOptions, type ResolvedPoolOptions } from './pool-options.js';
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
  readonly #context: GatewayNodeContext;
  readonly #deadlines = new DeadlineWatch();
  readonly #counters = noCounts();
  readonly #throttle: LogThrottle;
  readonly #nodes = new Map<string, GatewayNode>();
  readonly #held: HeldCalls;
  #members: readonly GatewayNode[] = [];
  #isReady = false;
  #sink: EventSink | undefined;
  /** Gateways whose events the sink wants to wait, also if they leave and come back meanwhile. */
  readonly #paused = new Set<string>();
  #eventsEnded = Promise.resolve();
  #leaveMembership: (() => void) | undefined;
  #starting: Promise<void> | undefined;
  #onLinked: (() => void) | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  /** @throws InvalidOptionError for an unknown option or a wrong value */
  constructor(membership: Membership, options: Partial<PoolOptions> = {}) {
    this.#membership = membership;
    this.#options = resolvePoolOptions(options);
    this.#held = new HeldCalls(this.#options.maxHeldBytes);
    this.#throttle = new LogThrottle();
    this.#context = {
      options: this.#options,
      deadlines: this.#deadlines,
      counters: this.#counters,
      log: this.#options.log,
      attempted: () => this.#onProgress(),
      gone: (node) => this.#forget(node),
    };
  }

  /** A first list of gateways has come. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The gateways that calls to all go to, in the order of their keys: those listed, and those whose link still works. */
  get members(): readonly GatewayNode[] {
    return this.#members;
  }

  get counters(): Readonly<PoolCounters> {
    return this.#counters;
  }

  /** The largest frame that a link takes. */
  get maxFrameBytes(): number {
    return this.#options.commandLink.maxFrameBytes;
  }

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

  /** @throws SinkTakenError when there is a sink already */
  subscribe(sink: EventSink): void {
    if (this.#sink !== undefined) throw new SinkTakenError();
    this.#sink = sink;
    for (const node of this.#members) node.openEvents(sink);
  }

  /** Reads this gateway's events no more until `resume`, also on links that are made meanwhile. */
  pause(key: string): void {
    if (this.#sink === undefined) return;
    this.#paused.add(key);
    this.#nodes.get(key)?.pauseEvents();
  }

  resume(key: string): void {
    if (this.#paused.delete(key)) this.#nodes.get(key)?.resumeEvents();
  }

  /** Ends the event links; commands go on. Events that are under way still reach the sink, until `eventsEnded`. */
  unsubscribe(): void {
    this.#sink = undefined;
    this.#paused.clear();
    const ended = Promise.all(this.#members.map((node) => node.closeEvents()));
    this.#eventsEnded = ended.then(() => undefined);
  }

  /** Resolves when no more events come after `unsubscribe`: at the latest when the gateways have sent nothing for `closeTimeoutMs`. */
  eventsEnded(): Promise<void> {
    return this.#eventsEnded;
  }

  /**
   * A command to one gateway. Dropped and counted when that gateway is not known.
   * @throws InvalidArgumentError for arguments that cannot be written
   */
  command<Request>(key: string, definition: RequestDefinition<Request>, request: Request): void {
    if (this.#isReady) {
      const node = this.#nodes.get(key);
      if (node !== undefined) return node.command(definition, request);
    }
    const waiting = encodeRequest(definition, request);
    this.whenReady(waiting.body.length, () => {
      const node = this.#nodes.get(key);
      if (node === undefined) this.#drop();
      else node.command(waiting.definition, waiting.body);
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
    this.#held.hold({ bytes, run: call, drop });
  }

  /** The same for a question: it waits for the list no longer than a question waits for its answer. */
  askWhenReady<Result>(ask: () => Promise<Result>, bytes = 0): Promise<Result> {
    if (this.#isClosed) return Promise.reject(new ApiClosedError());
    if (this.#isReady) return ask();
    const { questionTimeoutMs: timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      let hasExpired = false;
      const waiting: Watched = {
        expire() {
          hasExpired = true;
          reject(new NoRegisterError(timeoutMs));
        },
      };
      if (timeoutMs > 0) this.#deadlines.watch(waiting, timeoutMs);
      this.#held.hold({
        bytes,
        run: () => {
          this.#deadlines.forget(waiting, timeoutMs);
          if (!hasExpired) resolve(ask());
        },
        drop: (reason) => {
          this.#deadlines.forget(waiting, timeoutMs);
          reject(reason);
        },
      });
    });
  }

  /**
   * Resolves when everything called so far is written, and taken by the system: also what waits behind a `sendToUid`.
   * @throws NoRegisterError when no list of gateways came in `questionTimeoutMs`
   */
  async flush(): Promise<void> {
    // Nothing was called that could be under way, or wait for the list.
    if (!this.#isReady && this.#held.size === 0) return;
    await this.askWhenReady(async () => {
      await Promise.all(this.#members.map((node) => node.flush()));
    });
  }

  async #start(): Promise<void> {
    const { startTimeoutMs, log } = this.#options;
    const linked = new Promise<void>((resolve) => (this.#onLinked = resolve));
    this.#leaveMembership = this.#membership.subscribe((gateways) => this.#onGateways(gateways));
    this.#membership.start();
    if (startTimeoutMs === 0 || (await within(startTimeoutMs, linked)) || this.#isClosed) return;
    if (this.#isReady) {
      const unreachable = this.#members.filter((node) => !node.isLinked);
      const gateways = unreachable.map(({ address }) => formatAddress(address));
      log.warn(`Started without these gateways, which are still being dialled: ${gateways.join(', ')}`, {
        gateways,
      });
    } else {
      log.warn(
        `Started without a list of gateways: no register has answered in ${startTimeoutMs} ms. Calls wait for it`,
      );
    }
  }

  async #close(): Promise<void> {
    this.#leaveMembership?.();
    const membershipClosed = this.#membership.close();
    if (this.#isReady) await within(this.#options.commandLink.closeTimeoutMs, this.flush());
    this.#isClosed = true;
    const reason = new ApiClosedError();
    this.#held.dropAll(reason);
    this.#onLinked?.();
    const nodes = this.#members;
    this.#nodes.clear();
    this.#members = [];
    await Promise.all([membershipClosed, ...nodes.map((node) => node.close(reason))]);
    this.#deadlines.close();
  }

  #onGateways(gateways: readonly NodeAddress[]): void {
    const listed = new Map(gateways.map((address) => [gatewayKey(address), address]));
    for (const node of this.#members) node.setListed(listed.has(node.key));
    for (const [key, address] of listed) {
      if (!this.#nodes.has(key)) this.#add(new GatewayNode(address, this.#context));
    }
    this.#orderMembers();
    this.#isReady = true;
    for (let call = this.#held.shift(); call !== undefined; call = this.#held.shift()) call.run();
    this.#onProgress();
  }

  #add(node: GatewayNode): void {
    this.#nodes.set(node.key, node);
    node.start();
    if (this.#sink === undefined) return;
    node.openEvents(this.#sink);
    if (this.#paused.has(node.key)) node.pauseEvents();
  }

  #forget(node: GatewayNode): void {
    if (this.#nodes.get(node.key) !== node) return;
    this.#nodes.delete(node.key);
    this.#orderMembers();
    const gateway = formatAddress(node.address);
    this.#options.log.log(`The gateway ${gateway} has left`, { gateway });
    void node.close(new GatewayUnavailableError(node.address, 'is not listed any more'));
  }

  #orderMembers(): void {
    // Not by locale: keys are hex digits, and a resumed list depends on this order.
    this.#members = [...this.#nodes.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #onProgress(): void {
    if (this.#isReady && this.#members.every((node) => node.hasAttempted)) this.#onLinked?.();
  }

  #drop(reason?: Error): void {
    const droppedCommands = ++this.#counters.droppedCommands;
    const text = `Commands are dropped: ${reason?.message ?? 'no register lists the gateway of their client'}`;
    this.#throttle.warn(this.#options.log, 'dropped', text, { droppedCommands });
  }
}
