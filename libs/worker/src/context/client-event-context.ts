import type { ContextId } from '@nestjs/core';
import { REQUEST_CONTEXT_ID } from '@nestjs/core/internal';
import { BaseRpcContext } from '@nestjs/microservices';

import type { EventSource } from '#api';
import { formatClientId, type GatewayEvent } from '#protocol';

import type { MalformedEventError } from '../errors.js';
import { ClientContext, ClosedClient, ConnectingClient } from './client-context.js';
import type { ClientSession } from './client-session.js';
import type { Envelope } from './envelope.js';
import { readable, type EventDecoder } from './event-decoder.js';
import type { OverlaidSession, SessionOverlay } from './session-overlay.js';

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

/** How many session writes of its link were in the event's session when it came. */
export let appliedWritesOf: (context: ClientEventContext) => number;

/** The event is done with: who has kept its context finds the session there as it is now. */
export let closeSession: (context: ClientEventContext) => void;

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
  readonly #source: EventSource;
  readonly #connectionId: number;
  readonly #event: GatewayEvent['type'];
  readonly #details: Buffer | undefined;
  readonly #isRedelivered: boolean;
  readonly #appliedWrites: number;
  #sessionBytes: Buffer;
  #overlaid: OverlaidSession | undefined;
  #isOver = false;
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
    appliedWritesOf = (context) => context.#appliedWrites;
    closeSession = (context) => void (context.#isOver = true);
  }

  /**
   * @param sessionBytes read when the session is asked for: see `keepBytes`
   * @param message the handlers' own, as it came
   * @param details of `open` and `close`; they are copied
   */
  constructor(
    decoder: EventDecoder,
    source: EventSource,
    connectionId: number,
    event: GatewayEvent['type'],
    sessionBytes: Buffer,
    isRedelivered: boolean,
    message?: string | Buffer,
    envelope?: Envelope,
    details?: Buffer,
  ) {
    super(NO_ARGS);
    this.type = TYPES[event];
    this.message = message;
    this.envelope = envelope;
    this.#decoder = decoder;
    this.#source = source;
    this.#connectionId = connectionId;
    this.#event = event;
    this.#details = details === undefined ? undefined : Buffer.from(details);
    this.#isRedelivered = isRedelivered;
    this.#appliedWrites = source.appliedWrites;
    this.#sessionBytes = sessionBytes;
  }

  get client(): ClientContext {
    return (this.#client ??= this.#makeClient());
  }

  /**
   * As it was when the event was sent, and with what this worker has written to it since. Another write makes it another
   * object, as long as the event is not done with.
   * @throws MalformedEventError when its bytes are not what the codec reads
   */
  get session(): ClientSession {
    const { overlay } = this.#decoder;
    if (!overlay.isEmpty && !this.#isOver) this.#takeWrites(overlay);
    return readable((this.#session ??= this.#readSession()));
  }

  override getArgs(): unknown[] {
    return [this.client];
  }

  override getArgByIndex(index: number): unknown {
    return this.getArgs()[index];
  }

  #takeWrites(overlay: SessionOverlay): void {
    const { bytes, appliedWrites } = this.#overlaid ?? {
      bytes: this.#sessionBytes,
      appliedWrites: this.#appliedWrites,
    };
    const overlaid = overlay.overlaid(this.#source, this.#connectionId, appliedWrites, bytes);
    if (overlaid === undefined) return;
    this.#overlaid = overlaid;
    // What cannot be read is not to be reported again.
    if (overlaid.bytes !== bytes) this.#session = undefined;
  }

  #readSession(): ClientSession | MalformedEventError {
    const bytes = this.#overlaid?.bytes ?? this.#sessionBytes;
    return this.#decoder.session(this.client.id, this.#connectionId, bytes);
  }

  #makeClient(): ClientContext {
    const id = formatClientId(this.#source.gateway, this.#connectionId);
    const redelivered = this.#isRedelivered;
    if (this.#details === undefined) {
      return new ClientContext(id, this.#event === 'message' ? 'ws' : 'tcp', redelivered);
    }
    return this.type === 'close'
      ? new ClosedClient(id, this.#decoder, this.#details, redelivered)
      : new ConnectingClient(id, this.#decoder, this.#details, redelivered);
  }
}
