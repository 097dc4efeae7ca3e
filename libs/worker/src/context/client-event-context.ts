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
  readonly #isWebSocket: boolean;
  readonly #details: Buffer | undefined;
  readonly #sessionBytes: Buffer;
  #client: ClientContext | undefined;
  #session: ClientSession | MalformedEventError | undefined;

  /**
   * @param outlivesCall whether the session may be asked for after the call that handed the event over has
   *   returned: then its bytes are copied, because those of the event are gone by then
   */
  constructor(
    decoder: EventDecoder,
    gateway: string,
    event: GatewayEvent,
    outlivesCall: boolean,
    message?: string | Buffer,
    envelope?: Envelope,
  ) {
    super(NO_ARGS);
    this.type = TYPES[event.type];
    this.message = message;
    this.envelope = envelope;
    this.#decoder = decoder;
    this.#gateway = gateway;
    this.#connectionId = event.connectionId;
    this.#isWebSocket = event.type === 'message' || event.type === 'open';
    this.#details = event.type === 'open' || event.type === 'close' ? Buffer.from(event.details) : undefined;
    this.#sessionBytes =
      outlivesCall && event.session.length > 0 ? Buffer.from(event.session) : event.session;
  }

  get client(): ClientContext {
    return (this.#client ??= this.#makeClient());
  }

  /** @throws MalformedEventError when its bytes are not what the codec reads */
  get session(): ClientSession {
    return readable((this.#session ??= this.#decoder.session(this.client.id, this.#sessionBytes)));
  }

  override getArgs(): unknown[] {
    return [this.client];
  }

  override getArgByIndex(index: number): unknown {
    return this.getArgs()[index];
  }

  #makeClient(): ClientContext {
    const id = formatClientId(this.#gateway, this.#connectionId);
    if (this.#details === undefined) return new ClientContext(id, this.#isWebSocket ? 'ws' : 'tcp');
    return this.type === 'close'
      ? new ClosedClient(id, this.#decoder, this.#details)
      : new ConnectingClient(id, this.#decoder, this.#details);
  }
}
