import type { ContextId } from '@nestjs/core';
import { REQUEST_CONTEXT_ID } from '@nestjs/core/internal';
import { BaseRpcContext } from '@nestjs/microservices';

import { formatClientId, type GatewayEvent } from '#protocol';

import type { MalformedEventError } from '../errors.js';
import { ClientContext, ClosedClient, ConnectingClient } from './client-context.js';
import type { ClientSession } from './client-session.js';
import type { Envelope } from './envelope.js';
import { readable, type EventDecoder } from './event-decoder.js';

const NO_ARGS: unknown[] = [];
const TYPES = {
  connect: 'connect',
  open: 'connect',
  receive: 'message',
  message: 'message',
  close: 'close',
} as const;

/**
 * Makes the context's bytes its own: to be called before the call that handed the event over returns, when the session may
 * be asked for after it. Those of the event are gone by then.
 */
export let keepBytes: (context: ClientEventContext) => void;

/** The memory that the event itself takes, more or less. */
export let sizeOf: (context: ClientEventContext) => number;

/**
 * One event of one client: what `@Ctx()` and `switchToRpc().getContext()` give, and `REQUEST` in request-scoped
 * providers. Client and session are made when they are asked for first, at most once.
 */
export class ClientEventContext extends BaseRpcContext {
  readonly type: 'connect' | 'message' | 'close';
  /** The message as it came, a `string` for text; undefined in `@OnConnect` and `@OnClose`. */
  readonly message: string | Buffer | undefined;
  /** Undefined unless the message is an envelope and some handler names an event. */
  readonly envelope: Envelope | undefined;
  /** All request-scoped providers of one event belong together, whichever handlers it runs through. */
  [REQUEST_CONTEXT_ID]: ContextId | undefined = undefined;

  readonly #decoder: EventDecoder;
  readonly #gateway: string;
  readonly #connectionId: number;
  readonly #event: GatewayEvent['type'];
  readonly #details: Buffer | undefined;
  #sessionBytes: Buffer;
  #client: ClientContext | undefined;
  #session: ClientSession | MalformedEventError | undefined;

  static {
    keepBytes = (context) => {
      if (context.#sessionBytes.length > 0) context.#sessionBytes = Buffer.from(context.#sessionBytes);
    };
    sizeOf = (context) => {
      const body = context.message ?? context.#details;
      return context.#sessionBytes.length + (body?.length ?? 0);
    };
  }

  /**
   * @param sessionBytes read when the session is asked for: see `keepBytes`
   * @param message the handlers' own, as it came
   * @param details of `open` and `close`; they are copied
   */
  constructor(
    decoder: EventDecoder,
    gateway: string,
    connectionId: number,
    event: GatewayEvent['type'],
    sessionBytes: Buffer,
    message?: string | Buffer,
    envelope?: Envelope,
    details?: Buffer,
  ) {
    super(NO_ARGS);
    this.type = TYPES[event];
    this.message = message;
    this.envelope = envelope;
    this.#decoder = decoder;
    this.#gateway = gateway;
    this.#connectionId = connectionId;
    this.#event = event;
    this.#details = details === undefined ? undefined : Buffer.from(details);
    this.#sessionBytes = sessionBytes;
  }

  get client(): ClientContext {
    return (this.#client ??= this.#makeClient());
  }

  /** @throws MalformedEventError when its bytes are not what the codec reads */
  get session(): ClientSession {
    return readable(
      (this.#session ??= this.#decoder.session(this.client.id, this.#connectionId, this.#sessionBytes)),
    );
  }

  override getArgs(): unknown[] {
    return [this.client];
  }

  override getArgByIndex(index: number): unknown {
    return this.getArgs()[index];
  }

  #makeClient(): ClientContext {
    const id = formatClientId(this.#gateway, this.#connectionId);
    if (this.#details === undefined) return new ClientContext(id, this.#event === 'message' ? 'ws' : 'tcp');
    return this.type === 'close'
      ? new ClosedClient(id, this.#decoder, this.#details)
      : new ConnectingClient(id, this.#decoder, this.#details);
  }
}
