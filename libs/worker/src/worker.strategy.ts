import { EventEmitter } from 'node:events';

import { Logger, type LoggerService } from '@nestjs/common';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';

import { within, type EventPort, type EventSink } from '#api';
import type { SessionCodec } from '#protocol';

import { ClosingDeadline } from './closing-deadline.js';
import { Dispatcher } from './dispatch/dispatcher.js';
import type { HandlerTable } from './dispatch/handler-table.js';
import type { ReplyPort } from './dispatch/reply-port.js';
import type { HandlerExplorer } from './explore/handler-explorer.js';
import type { WorkerOptions } from './worker-options.js';
import { zeroCounters, type WorkerStats } from './worker-stats.js';

/** Controllers with this transport id register with the worker's strategy; handler classes need none. */
export const WORKER_TRANSPORT = Symbol.for('nestwire:worker');

/**
 * ```
 * idle ──► starting ──► listening ──► draining ──► closed
 * ```
 * with a way from each of the first three to the end, when it fails or is closed early.
 */
export type WorkerState = 'idle' | 'starting' | 'listening' | 'draining' | 'closed';

const NEXT: Readonly<Record<WorkerState, readonly WorkerState[]>> = {
  idle: ['starting', 'closed'],
  starting: ['listening', 'draining', 'closed'],
  listening: ['draining'],
  draining: ['closed'],
  closed: [], // an application that listens again is a new one, with a new strategy
};

/** What `on()` can be asked for. A type, because an interface is no record, which Nest's `Server` wants. */
export type WorkerEvents = {
  state: (state: WorkerState) => void;
  /** The gateway with this id is gone with all its clients: see `@OnGatewayLost()`. */
  gatewayLost: (gateway: string) => void;
};

export interface WorkerStrategyParts {
  readonly explorer: Pick<HandlerExplorer, 'explore'>;
  /** GatewayPool is one. */
  readonly events: EventPort;
  readonly replies: ReplyPort;
  readonly codec: SessionCodec;
  readonly options: WorkerOptions;
}

/**
 * Makes a Nest application a worker:
 * ```ts
 * const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(AppModule, {
 *   inject: [WorkerStrategy],
 *   useFactory: (strategy: WorkerStrategy) => ({ strategy }),
 * });
 * await app.listen();
 * ```
 */
export class WorkerStrategy extends Server<WorkerEvents, WorkerState> implements CustomTransportStrategy {
  override readonly transportId = WORKER_TRANSPORT;
  protected override readonly logger: LoggerService = new Logger('Worker');

  readonly #parts: WorkerStrategyParts;
  readonly #counters = zeroCounters();
  readonly #emitter = new EventEmitter();
  /** Calls of `@OnGatewayLost` that have not ended. */
  readonly #losses = new Set<Promise<void>>();
  #state: WorkerState = 'idle';
  #table: HandlerTable | undefined;
  #dispatcher: Dispatcher | undefined;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: WorkerStrategyParts) {
    super();
    this.#parts = parts;
    this._status$.next(this.#state);
  }

  /** What has been counted so far; read it again for newer figures. */
  get stats(): WorkerStats {
    const waiting = this.#dispatcher;
    return {
      ...this.#counters,
      waitingEvents: waiting?.waitingEvents ?? 0,
      waitingBytes: waiting?.waitingBytes ?? 0,
      overlaidSessions: waiting?.overlaidSessions ?? 0,
    };
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** What a listener throws, or rejects with, is logged: it does not keep the worker from going on. */
  override on<Name extends keyof WorkerEvents>(event: Name, callback: WorkerEvents[Name]): this {
    this.#emitter.on(event, (news: WorkerState) => void this.#tell(event, callback, news));
    return this;
  }

  /** The event port that the worker subscribes to. */
  override unwrap<T>(): T {
    return this.#parts.events as T;
  }

  /**
   * Finds and compiles the handlers, runs `@OnWorkerStart`, and then takes events. `callback` gets the error that
   * stopped it: an InvalidHandlerError, or what an `@OnWorkerStart` threw.
   */
  override listen(callback: (error?: unknown) => void): void {
    this.#started ??= this.#start();
    this.#started.then(() => callback(), callback);
  }

  /**
   * Takes no more events, lets those that are there be handled, runs `@OnWorkerStop`, and waits until the last command
   * is on its way: all that in `drainTimeoutMs`. A step that is reached when that time is up, or nearly, still has a tenth of
   * it, each hook too. Events that are not done with by then are not acknowledged, so that another worker gets them. Closing
   * twice is closing once.
   */
  override close(): Promise<void> {
    return (this.#closed ??= this.#stop());
  }

  async #start(): Promise<void> {
    this.#transition('starting');
    try {
      const table = this.#parts.explorer.explore();
      this.#table = table;
      const { replies, events, codec, options } = this.#parts;
      const dispatcher = new Dispatcher({
        table,
        replies,
        flow: events,
        codec,
        options,
        counters: this.#counters,
        logger: this.logger,
      });
      for (const hook of table.workerStart) await hook.call();
      if (this.#closed !== undefined) return;
      this.#dispatcher = dispatcher;
      events.subscribe(this.#sinkOf(dispatcher), { windowBytes: options.maxWaitingBytes });
      this.#transition('listening');
      this.logger.log(`Taking events: ${summaryOf(table)}`);
    } catch (error) {
      if (this.#closed === undefined) this.#transition('closed');
      throw error;
    }
  }

  #sinkOf(dispatcher: Dispatcher): EventSink {
    return {
      event: (source, event, sequence, isRedelivered) =>
        dispatcher.event(source, event, sequence, isRedelivered),
      textMessage: (source, connectionId, session, text, sequence) =>
        dispatcher.textMessage(source, connectionId, session, text, sequence),
      interrupted: (source) => dispatcher.interrupted(source),
      sessionWritten: (source, connectionId, write) => dispatcher.sessionWritten(source, connectionId, write),
      sessionsApplied: (source) => dispatcher.sessionsApplied(source),
      gatewayLost: (gateway) => this.#gatewayLost(gateway),
    };
  }

  #gatewayLost(gateway: string): void {
    this.#emitter.emit('gatewayLost', gateway);
    const told = this.#tellOfLoss(gateway).finally(() => this.#losses.delete(told));
    this.#losses.add(told);
  }

  /** Its clients are gone without close events: what handlers keep of them is theirs to clear. */
  async #tellOfLoss(gateway: string): Promise<void> {
    const { handlerTimeoutMs } = this.#parts.options;
    for (const hook of this.#table?.gatewayLost ?? []) {
      await this.#bounded(hook.name, () => hook.call(gateway), handlerTimeoutMs);
    }
  }

  async #stop(): Promise<void> {
    if (this.#state === 'closed') return;
    if (this.#state === 'idle') return this.#transition('closed');
    this.#transition('draining');
    const deadline = new ClosingDeadline(this.#parts.options.drainTimeoutMs);
    const step = (what: string, work: () => unknown): Promise<void> =>
      this.#bounded(what, work, deadline.leftMs);
    // Whoever called listen() is told when starting fails.
    await step('@OnWorkerStart', () => this.#started?.catch(() => undefined));
    this.#parts.events.unsubscribe();
    await this.#drain(step);
    await step('@OnGatewayLost', () => Promise.all(this.#losses));
    for (const hook of this.#table?.workerStop ?? []) await step(hook.name, hook.call);
    await step('Sending the last commands', () => this.#parts.replies.flush());
    this.#transition('closed');
  }

  async #drain(step: (what: string, work: () => unknown) => Promise<void>): Promise<void> {
    const dispatcher = this.#dispatcher;
    if (dispatcher === undefined) return;
    await step('Handling the last events', async () => {
      await this.#parts.events.eventsEnded();
      await dispatcher.idle();
    });
    if (dispatcher.busyClients > 0) {
      this.logger.warn(
        `${dispatcher.busyClients} clients have events left that are given up: another worker gets them`,
      );
    }
    dispatcher.stop();
  }

  /** Neither an exception nor a promise that never settles keeps what follows from being done. @param limitMs 0 is for ever */
  async #bounded(what: string, work: () => unknown, limitMs: number): Promise<void> {
    try {
      const inTime = await within(limitMs, Promise.resolve(work()));
      if (!inTime) this.logger.warn(`${what} took longer than ${limitMs} ms and is not waited for`);
    } catch (error) {
      this.logger.error(`${what} failed`, error);
    }
  }

  async #tell(event: string, listener: (news: WorkerState) => unknown, news: WorkerState): Promise<void> {
    try {
      await listener(news);
    } catch (error) {
      this.logger.error(`A listener for "${event}" failed`, error);
    }
  }

  #transition(to: WorkerState): void {
    if (!NEXT[this.#state].includes(to))
      throw new TypeError(`A worker cannot go from ${this.#state} to ${to}`);
    this.#state = to;
    this._status$.next(to);
    this.#emitter.emit('state', to);
  }
}

function summaryOf({ connect, raw, events, close }: HandlerTable): string {
  const counts = [
    `${connect.handlers.length} @OnConnect`,
    `${raw.handlers.length} @OnMessage`,
    `${close.handlers.length} @OnClose`,
  ];
  const names = [...events.keys()].join(', ');
  return `${counts.join(', ')}${names === '' ? '' : `, events ${names}`}`;
}
