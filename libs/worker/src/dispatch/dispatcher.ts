import { isUtf8 } from 'node:buffer';

import type { LoggerService } from '@nestjs/common';

import type { EventSink } from '#api';
import {
  formatClientId,
  Opcode,
  type GatewayEvent,
  type MessageEvent,
  type ReceiveEvent,
  type SessionCodec,
} from '#protocol';

import { HandlerFailure } from '../compile/handler-failure.js';
import { ClientEventContext, keepBytes, sizeOf } from '../context/client-event-context.js';
import { parseEnvelope } from '../context/envelope.js';
import { EventDecoder } from '../context/event-decoder.js';
import type { WorkerOptions } from '../worker-options.js';
import type { WorkerCounters } from '../worker-stats.js';
import { Backlog, type FlowPort } from './backlog.js';
import { ClientLanes } from './client-lanes.js';
import { DeniedClients } from './denied-clients.js';
import { EventOutcomes, EventRefusal } from './event-outcomes.js';
import { EventRun } from './event-run.js';
import { HandlerRunner } from './handler-runner.js';
import { planOf, type Handler, type HandlerPlan, type HandlerTable } from './handler-table.js';
import { REPLY_ERRORS, type ReplyError } from './reply-error.js';
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

const OPEN_BRACE = 0x7b;

/**
 * Takes events from the gateways to the handlers: those of one client one after another in order of arrival, those of
 * different clients side by side.
 */
export class Dispatcher implements EventSink {
  readonly #table: HandlerTable;
  readonly #unknownEvent: HandlerPlan;
  readonly #badEnvelope: HandlerPlan;
  readonly #decoder: EventDecoder;
  readonly #denied = new DeniedClients();
  readonly #runner: HandlerRunner;
  readonly #lanes: ClientLanes;
  readonly #backlog: Backlog;
  readonly #counters: WorkerCounters;
  readonly #logger: LoggerService;
  #isStopped = false;
  #becameIdle: (() => void) | undefined;

  constructor({ table, replies, flow, codec, options, counters, logger }: DispatcherParts) {
    this.#table = table;
    this.#counters = counters;
    this.#logger = logger;
    this.#unknownEvent = this.#refusalPlan('unknownEvents', REPLY_ERRORS.unknownEvent);
    this.#badEnvelope = this.#refusalPlan('badEnvelopes', REPLY_ERRORS.badEnvelope);
    this.#decoder = new EventDecoder(codec, (error) => this.#badEvent(error.message, error.cause));
    const outcomes = new EventOutcomes(replies, this.#denied, counters, logger);
    this.#runner = new HandlerRunner(outcomes, options.handlerTimeoutMs, (run) => this.#finished(run));
    this.#lanes = new ClientLanes((run) => this.#startWaiting(run));
    this.#backlog = new Backlog(options.maxWaitingBytes, flow, logger);
  }

  event(gateway: string, event: GatewayEvent): void {
    if (this.#isStopped) return;
    try {
      this.#route(gateway, event);
    } catch (error) {
      this.#notBegun(gateway, event.type, error);
    }
  }

  textMessage(gateway: string, connectionId: number, session: Buffer, text: string): void {
    if (this.#isStopped) return;
    try {
      this.#message(gateway, connectionId, 'message', session, text, text);
    } catch (error) {
      this.#notBegun(gateway, 'message', error);
    }
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

  /** Takes no more events; those that wait are given up, and nothing follows from those that run. */
  stop(): void {
    this.#isStopped = true;
    this.#runner.stop();
  }

  #route(gateway: string, event: GatewayEvent): void {
    const { type, connectionId, session } = event;
    switch (type) {
      case 'connect':
        return this.#begin(this.#table.connect, gateway, connectionId, this.#context(gateway, event));
      case 'open':
        return this.#begin(
          this.#table.connect,
          gateway,
          connectionId,
          this.#context(gateway, event, event.details),
        );
      case 'close':
        if (!this.#denied.isEmpty) this.#denied.delete(formatClientId(gateway, connectionId));
        return this.#begin(
          this.#table.close,
          gateway,
          connectionId,
          this.#context(gateway, event, event.details),
        );
      case 'receive':
        return this.#receive(gateway, event);
      case 'message':
        // An unchanged PHP gateway passes close frames and pings on as messages.
        if (event.opcode === Opcode.Text) {
          const text = event.data.toString('utf8');
          this.#message(gateway, connectionId, type, session, text, text);
        } else if (event.opcode === Opcode.Binary) {
          this.#raw(gateway, event);
        }
    }
  }

  #receive(gateway: string, event: ReceiveEvent): void {
    const { data } = event;
    // A byte stream does not say what is text: what could be an envelope is taken for one.
    if (data[0] !== OPEN_BRACE || this.#table.events.size === 0 || !isUtf8(data)) {
      return this.#raw(gateway, event);
    }
    const { type, connectionId, session } = event;
    this.#message(gateway, connectionId, type, session, Buffer.from(data), data.toString('utf8'));
  }

  /** @param message as handlers get it */
  #message(
    gateway: string,
    connectionId: number,
    type: MessageEvent['type'] | ReceiveEvent['type'],
    session: Buffer,
    message: string | Buffer,
    text: string,
  ): void {
    const { events, raw } = this.#table;
    if (events.size === 0) {
      if (raw.handlers.length === 0) return;
      const context = new ClientEventContext(this.#decoder, gateway, connectionId, type, session, message);
      return this.#begin(raw, gateway, connectionId, context);
    }
    const found = parseEnvelope(text);
    const envelope = found.event === undefined ? undefined : found;
    const plan =
      envelope === undefined ? this.#badEnvelope : (events.get(envelope.event) ?? this.#unknownEvent);
    const context = new ClientEventContext(
      this.#decoder,
      gateway,
      connectionId,
      type,
      session,
      message,
      envelope,
    );
    this.#begin(plan, gateway, connectionId, context, found.id);
  }

  #raw(gateway: string, { type, connectionId, session, data }: ReceiveEvent | MessageEvent): void {
    const { raw } = this.#table;
    if (raw.handlers.length === 0) return;
    // Handlers may keep what they are given, and the bytes of the event are gone when this call returns.
    const message = Buffer.from(data);
    const context = new ClientEventContext(this.#decoder, gateway, connectionId, type, session, message);
    this.#begin(raw, gateway, connectionId, context);
  }

  #context(gateway: string, event: GatewayEvent, details?: Buffer): ClientEventContext {
    const { type, connectionId, session } = event;
    return new ClientEventContext(
      this.#decoder,
      gateway,
      connectionId,
      type,
      session,
      undefined,
      undefined,
      details,
    );
  }

  #begin(
    plan: HandlerPlan,
    gateway: string,
    connectionId: number,
    context: ClientEventContext,
    requestId?: string | number,
  ): void {
    if (plan.handlers.length === 0) return;
    const lane = this.#lanes.find(gateway, connectionId);
    if (lane !== undefined || plan.outlivesCall) keepBytes(context);
    const run = new EventRun(plan, context, gateway, connectionId, requestId);
    if (lane !== undefined) {
      this.#backlog.add(run, sizeOf(context));
      lane.add(run);
    } else if (!this.#start(run)) {
      this.#backlog.add(run, sizeOf(context));
      this.#lanes.open(run);
    }
  }

  /** For the lanes: whatever goes wrong with one event, those behind it have their turn. */
  #startWaiting(run: EventRun): boolean {
    let isOver = true;
    try {
      isOver = this.#start(run);
    } catch (error) {
      this.#notBegun(run.gateway, run.context.type, error);
    }
    if (isOver) this.#backlog.remove(run);
    return isOver;
  }

  #start(run: EventRun): boolean {
    const { context } = run;
    if (context.type === 'message' && !this.#denied.isEmpty && this.#denied.has(context.client.id))
      return true;
    return this.#runner.advance(run);
  }

  #finished(run: EventRun): void {
    this.#backlog.remove(run);
    this.#lanes.finished(run);
    if (this.#lanes.size === 0) this.#becameIdle?.();
  }

  /** The raw handlers see every message; then the sender is told that there was nobody else. */
  #refusalPlan(counter: 'unknownEvents' | 'badEnvelopes', reply: ReplyError): HandlerPlan {
    const refused = new HandlerFailure(new EventRefusal(reply), false);
    const refuse: Handler = {
      name: reply.code,
      call: () => {
        this.#counters[counter]++;
        return refused;
      },
      answers: true,
      concurrency: Number.POSITIVE_INFINITY,
      isGuarded: false,
      holdsContext: false,
    };
    return planOf([...this.#table.raw.handlers, refuse]);
  }

  /** Handlers' own exceptions end elsewhere: this is an event that could not even be begun. */
  #notBegun(gateway: string, type: string, error: unknown): void {
    this.#badEvent(`A ${type} event of gateway ${gateway} could not be handled`, error);
  }

  #badEvent(message: string, cause: unknown): void {
    this.#counters.badEvents++;
    this.#logger.error(message, cause);
  }
}
