import { decodeSession, type SessionData } from '#api';
import type { Connection } from '#gateway';
import { textFromByteString, type ClientId, type ClientKind, type SessionCodec } from '#protocol';
import { NoReplyError, TestClientClosedError, TestReplyError } from './errors.js';
import type { MemoryGateway } from './memory-gateway.js';
import { MemoryTransport, type ClientEnd } from './memory-transport.js';
import { ReceivedMessages, type NextOptions } from './received-messages.js';

export interface TestClientOptions {
  /** @default 'ws' */
  readonly kind?: ClientKind;
  /** With which it connects: path and query. @default '/' */
  readonly url?: string;
  /** Of its upgrade request; cookies as one `cookie` header. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** @default '127.0.0.1' */
  readonly remoteAddress?: string;
  /** @default 50_000 */
  readonly remotePort?: number;
}

export interface TestSendOptions {
  /** Handlers see it marked, as a message whose first worker was lost. @default false */
  readonly isRedelivered?: boolean;
}

const [NORMAL, ABNORMAL] = [1000, 1006];

interface Reply {
  readonly id: unknown;
  readonly data?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A client of the worker under test, made by `TestWorker.connect`. */
export class TestClient {
  readonly id: ClientId;
  /** Resolves when `@OnConnect` is done. */
  readonly connected: Promise<void>;
  readonly #gateway: MemoryGateway;
  readonly #codec: SessionCodec;
  readonly #transport: MemoryTransport;
  readonly #connection: Connection;
  readonly #received = new ReceivedMessages();
  #questions = 0;

  constructor(gateway: MemoryGateway, codec: SessionCodec, options: TestClientOptions) {
    const { kind = 'ws', url = '/', headers = {} } = options;
    const { remoteAddress = '127.0.0.1', remotePort = 50_000 } = options;
    this.#gateway = gateway;
    this.#codec = codec;
    this.#transport = new MemoryTransport(
      kind,
      { remoteAddress, remotePort },
      (message) => this.#received.add(message),
      () => this.#received.end(),
    );
    const { connection, done } = gateway.open(this.#transport, { url, headers });
    this.#connection = connection;
    this.id = gateway.idOf(connection);
    this.connected = done;
  }

  get kind(): ClientKind {
    return this.#transport.kind;
  }

  /** Everything that it got, in order: JSON is read, other text is a string, the rest a Buffer. */
  get received(): readonly unknown[] {
    return this.#received.messages;
  }

  /** The same as it came: text as a string, the rest as a Buffer. */
  get receivedRaw(): readonly (string | Buffer)[] {
    return this.#received.raw;
  }

  /** How its connection ended, whoever ended it; undefined while it is there. Raw TCP has no codes. */
  get closed(): ClientEnd | undefined {
    return this.#transport.end;
  }

  /** As the gateway has it now; empty when there is none. */
  get session(): SessionData {
    return decodeSession(this.#codec, this.#connection.session) ?? {};
  }

  /** Undefined when none is bound. */
  get uid(): string | undefined {
    const { uid } = this.#connection;
    return uid === '' ? undefined : textFromByteString(uid);
  }

  get groups(): readonly string[] {
    return this.#connection.groups.map(textFromByteString);
  }

  /**
   * Sends a message, an object as JSON. Resolves when its handlers are done, have timed out, or nobody handles it; what they sent
   * has come by then.
   * @throws TestClientClosedError, NoWorkerError
   */
  async send(
    message: string | Buffer | object,
    { isRedelivered = false }: TestSendOptions = {},
  ): Promise<void> {
    this.#assertOpen();
    const isRaw = typeof message === 'string' || Buffer.isBuffer(message);
    const raw = isRaw ? message : JSON.stringify(message);
    await this.#gateway.message(this.#connection, raw, isRedelivered);
  }

  /**
   * Sends an envelope and gives the data of its answer.
   * @throws TestReplyError when it is an error, NoReplyError when there is none, and what `send` throws
   */
  async ask<Answer = unknown>(event: string, data?: unknown): Promise<Answer> {
    const id = `ask ${++this.#questions}`;
    await this.send({ event, data, id });
    const reply = this.#received.take((message) => isReply(message) && message.id === id)?.message;
    if (!isReply(reply)) throw new NoReplyError(event);
    if (reply.error !== undefined) throw new TestReplyError(event, reply.error.code, reply.error.message);
    return reply.data as Answer;
  }

  /**
   * The first message that was not taken yet, by `next` or as an answer by `ask`; waits for one that is to come.
   * @throws NoMessageError
   */
  async next<Message = unknown>(options: NextOptions = {}): Promise<Message> {
    return (await this.#received.next(options)) as Message;
  }

  /**
   * Says goodbye. Resolves when `@OnClose` is done. Of one that is closed it does nothing.
   * @throws NoWorkerError when the worker was closed
   */
  async close(code: number = NORMAL, reason = ''): Promise<void> {
    await this.#end({ code, reason });
  }

  /** Goes without a word, as with a dead battery, once the gateway has noticed. Resolves as `close` does. */
  async drop(): Promise<void> {
    await this.#end({ code: ABNORMAL, reason: '' });
  }

  /** For `TestWorker.loseGateway`: it is gone, and no `@OnClose` comes. */
  lost(): void {
    this.#transport.ended({ code: ABNORMAL, reason: '' });
    this.#received.end();
  }

  async #end(end: ClientEnd): Promise<void> {
    if (this.closed !== undefined) return;
    this.#transport.ended(end);
    this.#received.end();
    await this.#gateway.closed(this.#connection, this.#transport.end!);
  }

  #assertOpen(): void {
    const { closed } = this;
    if (closed !== undefined) throw new TestClientClosedError(closed.code, closed.reason);
  }
}

function isReply(message: unknown): message is Reply {
  return typeof message === 'object' && message !== null && 'id' in message;
}
