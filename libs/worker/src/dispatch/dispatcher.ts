import type { LoggerService } from '@nestjs/common';

import { NO_SEQUENCE, type EventSink, type EventSource, type SessionWrite } from '#api';
import type { GatewayEvent, SessionCodec } from '#protocol';

import {
  appliedWritesOf,
  closeSession,
  keepBytes,
  sizeOf,
  type ClientEventContext,
} from '../context/client-event-context.js';
import { EventDecoder } from '../context/event-decoder.js';
import { SessionOverlay } from '../context/session-overlay.js';
import type { WorkerOptions } from '../worker-options.js';
import type { WorkerCounters } from '../worker-stats.js';
import { Backlog, type FlowPort } from './backlog.js';
import { ClientLanes } from './client-lanes.js';
import { DeniedClients } from './denied-clients.js';
import { EventOutcomes } from './event-outcomes.js';
import { EventRouter } from './event-router.js';
import { EventRun } from './event-run.js';
import { HandlerRunner } from './handler-runner.js';
import type { HandlerPlan, HandlerTable } from './handler-table.js';
import { Interruption } from './interruption.js';
import type { ReplyPort } from './reply-port.js';

export interface DispatcherParts {
  readonly table: HandlerTable;
  readonly replies: ReplyPort;
  readonly flow: FlowPort;
  readonly codec: SessionCodec;
  readonly options: Pick<WorkerOptions, 'handlerTimeoutMs' | 'maxWaitingBytes'>;
  readonly counters: WorkerCounters;
  readonly logger: LoggerService;
}

/**
 * Takes events from the gateways to the handlers: those of one client one after another in order of arrival, those of
 * different clients side by side. Each is acknowledged once, when it is done with.
 */
export class Dispatcher implements EventSink {
  readonly #denied = new DeniedClients();
  readonly #overlay: SessionOverlay;
  readonly #router: EventRouter;
  readonly #runner: HandlerRunner;
  readonly #lanes: ClientLanes;
  readonly #backlog: Backlog;
  readonly #interruptions = new Set<Interruption>();
  readonly #counters: WorkerCounters;
  readonly #logger: LoggerService;
  #isStopped = false;
  #becameIdle: (() => void) | undefined;

  constructor({ table, replies, flow, codec, options, counters, logger }: DispatcherParts) {
    this.#counters = counters;
    this.#logger = logger;
    this.#overlay = new SessionOverlay(codec, (source, connectionId) => {
      const oldest = this.#lanes.find(source.gateway, connectionId)?.oldest;
      return oldest && appliedWritesOf(oldest.context);
    });
    const decoder = new EventDecoder(codec, this.#overlay, (error) =>
      this.#badEvent(error.message, error.cause),
    );
    this.#router = new EventRouter(
      table,
      decoder,
      this.#denied,
      counters,
      (plan, source, sequence, connectionId, context, requestId) =>
        this.#begin(plan, source, sequence, connectionId, context, requestId),
    );
    const outcomes = new EventOutcomes(replies, this.#denied, counters, logger);
    this.#runner = new HandlerRunner(outcomes, options.handlerTimeoutMs, (run) => this.#finished(run));
    this.#lanes = new ClientLanes((run) => this.#startWaiting(run));
    this.#backlog = new Backlog(options.maxWaitingBytes, flow, logger);
  }

  event(source: EventSource, event: GatewayEvent, sequence: number, isRedelivered: boolean): void {
    if (this.#isStopped) return;
    if (isRedelivered) this.#counters.redelivered++;
    let isDone = true;
    try {
      isDone = this.#router.event(source, event, sequence, isRedelivered);
    } catch (error) {
      this.#notBegun(source, event.type, error);
    }
    if (isDone) this.#acknowledge(source, sequence);
  }

  textMessage(
    source: EventSource,
    connectionId: number,
    session: Buffer,
    text: string,
    sequence: number,
  ): void {
    if (this.#isStopped) return;
    let isDone = true;
    try {
      isDone = this.#router.text(source, connectionId, 'message', session, text, text, sequence, false);
    } catch (error) {
      this.#notBegun(source, 'message', error);
    }
    if (isDone) this.#acknowledge(source, sequence);
  }

  /** Drops what waits from there. Resolves when nothing of it runs any more: at `handlerTimeoutMs` at the latest. */
  interrupted(source: EventSource): Promise<void> {
    this.#overlay.forget(source);
    if (this.#isStopped) return Promise.resolve();
    const { waiting, running } = this.#lanes.interrupt(source);
    for (const run of waiting) this.#backlog.remove(run);
    this.#counters.dropped += waiting.length;
    const interruption = new Interruption(running.length);
    for (const run of running) run.interrupt(interruption);
    this.#interruptions.add(interruption);
    return interruption.isOver.finally(() => this.#interruptions.delete(interruption));
  }

  sessionWritten(source: EventSource, connectionId: number, write: SessionWrite): void {
    if (!this.#isStopped) this.#overlay.written(source, connectionId, write);
  }

  sessionsApplied(source: EventSource): void {
    if (!this.#overlay.isEmpty) this.#overlay.confirmed(source);
  }

  /** Resolves as soon as nothing is running or waiting any more. */
  async idle(): Promise<void> {
    if (this.#lanes.size === 0) return;
    await new Promise<void>((resolve) => (this.#becameIdle = resolve));
  }

  /** How many clients have events running or waiting. */
  get busyClients(): number {
    return this.#lanes.size;
  }

  /** Events that are running or waiting. */
  get waitingEvents(): number {
    return this.#backlog.runs;
  }

  /** The memory that they take, more or less. */
  get waitingBytes(): number {
    return this.#backlog.bytes;
  }

  /** Clients whose session is not only what events bring along. */
  get overlaidSessions(): number {
    return this.#overlay.size;
  }

  /**
   * Takes no more events, and acknowledges none; those that wait are given up, and nothing follows from those that run.
   */
  stop(): void {
    this.#isStopped = true;
    this.#runner.stop();
    this.#overlay.clear();
    for (const interruption of this.#interruptions) interruption.giveUp();
  }

  /** True when it is done with already. */
  #begin(
    plan: HandlerPlan,
    source: EventSource,
    sequence: number,
    connectionId: number,
    context: ClientEventContext,
    requestId: string | number | undefined,
  ): boolean {
    const lane = this.#lanes.find(source.gateway, connectionId);
    if (lane !== undefined || plan.outlivesCall) keepBytes(context);
    const run = new EventRun(plan, context, source, sequence, connectionId, requestId);
    if (lane !== undefined) {
      this.#backlog.add(run, sizeOf(context));
      lane.add(run);
      return false;
    }
    if (this.#start(run)) {
      if (plan.outlivesCall) closeSession(context);
      return true;
    }
    this.#backlog.add(run, sizeOf(context));
    this.#lanes.open(run);
    return false;
  }

  /** For the lanes: whatever goes wrong with one event, those behind it have their turn. */
  #startWaiting(run: EventRun): boolean {
    let isOver = true;
    try {
      isOver = this.#start(run);
    } catch (error) {
      this.#notBegun(run.source, run.context.type, error);
    }
    if (isOver) this.#ended(run);
    return isOver;
  }

  #start(run: EventRun): boolean {
    const { context } = run;
    if (context.type === 'message' && !this.#denied.isEmpty && this.#denied.has(context.client.id))
      return true;
    return this.#runner.advance(run);
  }

  #finished(run: EventRun): void {
    this.#ended(run);
    this.#lanes.finished(run);
    if (!this.#overlay.isEmpty) this.#overlay.eventEnded(run.source, run.connectionId);
    if (this.#lanes.size === 0) this.#becameIdle?.();
  }

  /** An event that had to wait, or to be waited for, is done with. */
  #ended(run: EventRun): void {
    this.#backlog.remove(run);
    closeSession(run.context);
    if (run.interruption === undefined) this.#acknowledge(run.source, run.sequence);
    else run.interruption.runEnded();
  }

  #acknowledge(source: EventSource, sequence: number): void {
    if (sequence === NO_SEQUENCE || this.#isStopped) return;
    this.#counters.acknowledged++;
    source.acknowledge(sequence);
  }

  /** Handlers' own exceptions end elsewhere: this is an event that could not even be begun, here or at any other worker. */
  #notBegun({ gateway }: EventSource, type: string, error: unknown): void {
    this.#badEvent(`A ${type} event of gateway ${gateway} could not be handled`, error);
  }

  #badEvent(message: string, cause: unknown): void {
    this.#counters.badEvents++;
    this.#logger.error(message, cause);
  }
}
