import { isUtf8 } from 'node:buffer';

import type { EventSource } from '#api';
import { formatClientId, Opcode, type GatewayEvent, type MessageEvent, type ReceiveEvent } from '#protocol';

import { HandlerFailure } from '../compile/handler-failure.js';
import { ClientEventContext } from '../context/client-event-context.js';
import { parseEnvelope, type Envelope } from '../context/envelope.js';
import type { EventDecoder } from '../context/event-decoder.js';
import type { WorkerCounters } from '../worker-stats.js';
import type { DeniedClients } from './denied-clients.js';
import { EventRefusal } from './event-outcomes.js';
import { planOf, type Handler, type HandlerPlan, type HandlerTable } from './handler-table.js';
import { REPLY_ERRORS, type ReplyError } from './reply-error.js';

/** Takes an event to the handlers of its plan; true when it is done with already. */
export type RunBeginner = (
  plan: HandlerPlan,
  source: EventSource,
  sequence: number,
  connectionId: number,
  context: ClientEventContext,
  requestId?: string | number,
) => boolean;

const OPEN_BRACE = 0x7b;

/** Which handlers an event is for, and what they are to see of it. */
export class EventRouter {
  readonly #table: HandlerTable;
  readonly #decoder: EventDecoder;
  readonly #denied: DeniedClients;
  readonly #counters: WorkerCounters;
  readonly #begin: RunBeginner;
  readonly #unknownEvent: HandlerPlan;
  readonly #badEnvelope: HandlerPlan;

  constructor(
    table: HandlerTable,
    decoder: EventDecoder,
    denied: DeniedClients,
    counters: WorkerCounters,
    begin: RunBeginner,
  ) {
    this.#table = table;
    this.#decoder = decoder;
    this.#denied = denied;
    this.#counters = counters;
    this.#begin = begin;
    this.#unknownEvent = this.#refusalPlan('unknownEvents', REPLY_ERRORS.unknownEvent);
    this.#badEnvelope = this.#refusalPlan('badEnvelopes', REPLY_ERRORS.badEnvelope);
  }

  /** True when it is done with: handled, or nobody handles it. */
  event(source: EventSource, event: GatewayEvent, sequence: number, isRedelivered: boolean): boolean {
    const { type, connectionId, session } = event;
    switch (type) {
      case 'connect':
      case 'open':
        this.#forgetDenial(source, connectionId); // one that comes again is judged again
        return this.#arrival(this.#table.connect, source, event, sequence, isRedelivered);
      case 'close':
        this.#forgetDenial(source, connectionId);
        return this.#arrival(this.#table.close, source, event, sequence, isRedelivered);
      case 'receive':
        return this.#receive(source, event, sequence, isRedelivered);
      case 'message':
        // An unchanged PHP gateway passes close frames and pings on as messages.
        if (event.opcode === Opcode.Text) {
          const text = event.data.toString('utf8');
          return this.text(source, connectionId, type, session, text, text, sequence, isRedelivered);
        }
        if (event.opcode === Opcode.Binary) return this.#raw(source, event, sequence, isRedelivered);
        return true;
    }
  }

  /**
   * A message that can be an envelope.
   * @param message as handlers get it
   */
  text(
    source: EventSource,
    connectionId: number,
    type: MessageEvent['type'] | ReceiveEvent['type'],
    session: Buffer,
    message: string | Buffer,
    text: string,
    sequence: number,
    isRedelivered: boolean,
  ): boolean {
    const { events, raw } = this.#table;
    if (events.size === 0) {
      return this.#run(raw, source, sequence, connectionId, type, session, isRedelivered, message);
    }
    const found = parseEnvelope(text);
    const envelope = found.event === undefined ? undefined : found;
    const plan =
      envelope === undefined ? this.#badEnvelope : (events.get(envelope.event) ?? this.#unknownEvent);
    return this.#run(
      plan,
      source,
      sequence,
      connectionId,
      type,
      session,
      isRedelivered,
      message,
      undefined,
      envelope,
      found.id,
    );
  }

  /** Connecting and closing. */
  #arrival(
    plan: HandlerPlan,
    source: EventSource,
    event: GatewayEvent,
    sequence: number,
    isRedelivered: boolean,
  ): boolean {
    const { type, connectionId, session } = event;
    const details = 'details' in event ? event.details : undefined;
    return this.#run(plan, source, sequence, connectionId, type, session, isRedelivered, undefined, details);
  }

  #receive(source: EventSource, event: ReceiveEvent, sequence: number, isRedelivered: boolean): boolean {
    const { data } = event;
    // A byte stream does not say what is text: what could be an envelope is taken for one.
    if (data[0] !== OPEN_BRACE || this.#table.events.size === 0 || !isUtf8(data)) {
      return this.#raw(source, event, sequence, isRedelivered);
    }
    const { type, connectionId, session } = event;
    const text = data.toString('utf8');
    return this.text(source, connectionId, type, session, Buffer.from(data), text, sequence, isRedelivered);
  }

  #raw(
    source: EventSource,
    { type, connectionId, session, data }: ReceiveEvent | MessageEvent,
    sequence: number,
    isRedelivered: boolean,
  ): boolean {
    const { raw } = this.#table;
    if (raw.handlers.length === 0) return true;
    // Handlers may keep what they are given, and the bytes of the event are gone when this call returns.
    const message = Buffer.from(data);
    return this.#run(raw, source, sequence, connectionId, type, session, isRedelivered, message);
  }

  /** Many arguments instead of an object, which each message would cost. */
  #run(
    plan: HandlerPlan,
    source: EventSource,
    sequence: number,
    connectionId: number,
    type: GatewayEvent['type'],
    session: Buffer,
    isRedelivered: boolean,
    message?: string | Buffer,
    details?: Buffer,
    envelope?: Envelope,
    requestId?: string | number,
  ): boolean {
    if (plan.handlers.length === 0) return true;
    const context = new ClientEventContext(
      this.#decoder,
      source,
      connectionId,
      type,
      session,
      isRedelivered,
      message,
      envelope,
      details,
    );
    return this.#begin(plan, source, sequence, connectionId, context, requestId);
  }

  #forgetDenial({ gateway }: EventSource, connectionId: number): void {
    if (!this.#denied.isEmpty) this.#denied.delete(formatClientId(gateway, connectionId));
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
}
