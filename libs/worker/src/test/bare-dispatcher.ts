import { jsonSessionCodec, Opcode, type GatewayEvent, type SessionCodec } from '#protocol';

import type { ClientEventContext } from '../context/client-event-context.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { planOf, type Handler, type HandlerPlan } from '../dispatch/handler-table.js';
import { resolveWorkerOptions, type WorkerOptions } from '../worker-options.js';
import { zeroCounters, type WorkerCounters } from '../worker-stats.js';
import { LogLines } from './start-worker.js';

const NOTHING: Buffer = Buffer.alloc(0);

/** A handler without a class, and what it is called with. */
export type BareHandler = (data: unknown, context: ClientEventContext) => unknown;

export interface BareDispatcher {
  readonly dispatcher: Dispatcher;
  readonly counters: WorkerCounters;
  readonly sent: { readonly clientId: string; readonly message: string }[];
  readonly log: LogLines;
}

export interface BareSetup {
  readonly events: Readonly<Record<string, HandlerPlan>>;
  readonly connect?: HandlerPlan;
  readonly close?: HandlerPlan;
  readonly options?: Partial<WorkerOptions>;
  readonly codec?: SessionCodec;
}

export function bareHandler(name: string, call: BareHandler, concurrency = 1): Handler {
  return { name, call, answers: true, concurrency, isGuarded: false, holdsContext: true };
}

/** The dispatcher by itself, for tests that make very many of them. */
export function bareDispatcher({ events, connect, close, options, codec }: BareSetup): BareDispatcher {
  const nobody = planOf([]);
  const counters = zeroCounters();
  const sent: BareDispatcher['sent'] = [];
  const log = new LogLines();
  const dispatcher = new Dispatcher({
    table: {
      connect: connect ?? nobody,
      raw: nobody,
      events: new Map(Object.entries(events)),
      close: close ?? nobody,
      workerStart: [],
      workerStop: [],
      gatewayLost: [],
    },
    replies: {
      sendToClient: (clientId, message) => void sent.push({ clientId, message }),
      closeClient: () => undefined,
      flush: async () => undefined,
    },
    flow: { isWindowed: true, pause: () => undefined, resume: () => undefined },
    codec: codec ?? jsonSessionCodec,
    options: resolveWorkerOptions(options ?? {}),
    counters,
    logger: log,
  });
  return { dispatcher, counters, sent, log };
}

/** What a WebSocket client's text comes as when it is redelivered. */
export function textEvent(connectionId: number, text: string, session = NOTHING): GatewayEvent {
  return {
    type: 'message',
    connectionId,
    session,
    opcode: Opcode.Text,
    flags: 0x21,
    data: Buffer.from(text),
  };
}
