import type { ClientId, ClientKind, CloseDetails, UpgradeRequest } from '#protocol';
import { textFromByteString } from '#protocol';

import type { MalformedEventError } from '../errors.js';
import { readable, type EventDecoder } from './event-decoder.js';

/**
 * The client that an event is about: what `@Client()` gives. What only the moment of connecting or closing tells is
 * there in `@OnConnect` and `@OnClose`; at other times ask `GatewayApi.getClientInfo`.
 */
export class ClientContext {
  readonly id: ClientId;
  /**
   * The event was given to a worker before, which went away before it was done with it: that worker's handlers may have run,
   * whole or in part. Always false over the base protocol.
   */
  readonly redelivered: boolean;
  readonly #kind: ClientKind;

  constructor(id: ClientId, kind: ClientKind, redelivered = false) {
    this.id = id;
    this.redelivered = redelivered;
    this.#kind = kind;
  }

  /** `ws` or `tcp`. */
  get kind(): ClientKind {
    return this.#kind;
  }

  /** In `@OnConnect` over WebSocket: the HTTP request with which the client connected. */
  get request(): UpgradeRequest | undefined {
    return undefined;
  }

  /** In `@OnConnect` over WebSocket: the client's address. Raw TCP clients do not have it in the event. */
  get remoteAddress(): string | undefined {
    return undefined;
  }

  get remotePort(): number | undefined {
    return undefined;
  }

  /** In `@OnClose`: the uid that was bound, if any. */
  get uid(): string | undefined {
    return undefined;
  }

  /** In `@OnClose`: the groups that the client was in. Empty at any other time. */
  get groups(): readonly string[] {
    return [];
  }

  /** In `@OnClose` over WebSocket: the close code, when the gateway tells it. */
  get closeCode(): number | undefined {
    return undefined;
  }

  get closeReason(): string | undefined {
    return undefined;
  }
}

/** The client of an Open event. Its request is read when it is asked for first. */
export class ConnectingClient extends ClientContext {
  readonly #decoder: EventDecoder;
  readonly #details: Buffer;
  #request: UpgradeRequest | MalformedEventError | undefined;

  constructor(id: ClientId, decoder: EventDecoder, details: Buffer, redelivered: boolean) {
    super(id, 'ws', redelivered);
    this.#decoder = decoder;
    this.#details = details;
  }

  override get request(): UpgradeRequest {
    return readable((this.#request ??= this.#decoder.upgradeRequest(this.id, this.#details)));
  }

  override get remoteAddress(): string {
    return this.request.remoteAddress;
  }

  override get remotePort(): number {
    return this.request.remotePort;
  }
}

/** The client of a Close event. What it had is read when it is asked for first. */
export class ClosedClient extends ClientContext {
  readonly #decoder: EventDecoder;
  readonly #details: Buffer;
  #had: CloseDetails | MalformedEventError | undefined;

  constructor(id: ClientId, decoder: EventDecoder, details: Buffer, redelivered: boolean) {
    super(id, 'ws', redelivered);
    this.#decoder = decoder;
    this.#details = details;
  }

  override get kind(): ClientKind {
    return this.#known.kind;
  }

  override get uid(): string | undefined {
    const { uid } = this.#known;
    return uid === '' ? undefined : textFromByteString(uid);
  }

  override get groups(): readonly string[] {
    return this.#known.groups.map(textFromByteString);
  }

  override get closeCode(): number | undefined {
    return this.#known.code;
  }

  override get closeReason(): string | undefined {
    return this.#known.reason;
  }

  get #known(): CloseDetails {
    return readable((this.#had ??= this.#decoder.closeDetails(this.id, this.#details)));
  }
}
