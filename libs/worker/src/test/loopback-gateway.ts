import { NO_SEQUENCE, type EventPort, type EventSink, type SessionWrite, type SinkTerms } from '#api';
import {
  encodeCloseDetails,
  encodeFrame,
  encodeUpgradeRequest,
  FrameDecoder,
  formatClientId,
  gatewayKey,
  jsonSessionCodec,
  Opcode,
  readEvent,
  readTextMessage,
  writeEvent,
  byteStringFromText,
  type GatewayEvent,
  type SessionCodec,
} from '#protocol';

import type { ReplyPort } from '../dispatch/reply-port.js';
import { LoopbackSource } from './loopback-source.js';

const KEY = gatewayKey({ host: '127.0.0.1', port: 9108 });
const NOTHING = Buffer.alloc(0);

export interface Sent {
  readonly clientId: string;
  readonly message: string;
}

/**
 * One gateway as a worker sees it, without the socket: its events are encoded as frames, decoded as the link does, and
 * the receive buffer is overwritten as soon as the worker has returned. The link can be ended, and made anew.
 */
export class LoopbackGateway implements EventPort, ReplyPort {
  readonly isWindowed: boolean;
  /** The link there is now. */
  source: LoopbackSource;
  terms: SinkTerms | undefined;
  readonly sent: Sent[] = [];
  readonly closed: string[] = [];
  /** What happened to the port, in order. */
  readonly calls: string[] = [];
  /** Delivers what the gateway has sent before it noticed that the worker leaves. */
  underWay: () => void = () => undefined;
  #sink: EventSink | undefined;
  #isRedelivering = false;
  #wanted: (() => void)[] = [];

  constructor(
    readonly codec: SessionCodec = jsonSessionCodec,
    private readonly protocol: 'nestwire' | 'base' = 'nestwire',
  ) {
    this.isWindowed = protocol === 'nestwire';
    this.source = this.#makeSource();
  }

  get key(): string {
    return KEY;
  }

  idOf(connectionId: number): string {
    return formatClientId(KEY, connectionId);
  }

  subscribe(sink: EventSink, terms: SinkTerms): void {
    this.calls.push('subscribe');
    this.#sink = sink;
    this.terms = terms;
  }

  pause(gateway: string): void {
    this.calls.push(`pause ${gateway}`);
  }

  resume(gateway: string): void {
    this.calls.push(`resume ${gateway}`);
  }

  unsubscribe(): void {
    this.calls.push('unsubscribe');
  }

  /** What was under way at `unsubscribe` still arrives. */
  async eventsEnded(): Promise<void> {
    await Promise.resolve();
    this.underWay();
    this.#sink = undefined;
  }

  sendToClient(clientId: string, message: string): void {
    this.sent.push({ clientId, message });
    this.#noticed();
  }

  closeClient(clientId: string): void {
    this.closed.push(clientId);
    this.#noticed();
  }

  async flush(): Promise<void> {
    this.calls.push('flush');
    await Promise.resolve();
  }

  lose(): void {
    this.#sink?.gatewayLost?.(KEY);
  }

  /** The link ends, and the next one is made when the worker has let go of it. */
  async interrupt(): Promise<void> {
    const { source } = this;
    source.isOver = true;
    await this.#sink?.interrupted?.(source);
    this.source = this.#makeSource();
  }

  /** Some handler, or anybody else in the worker's process, has written to a session. Gives the write's number. */
  wroteSession(connectionId: number, kind: SessionWrite['kind'], value?: unknown): number {
    const number = this.source.nextWrite();
    const session = kind === 'delete' ? NOTHING : this.#session(value ?? {});
    this.#sink?.sessionWritten?.(this.source, connectionId, { kind, session, number });
    session.fill(0xfd); // the caller's own: the worker was to copy it
    return number;
  }

  /** From now on events bring these writes along. */
  appliedWrites(number: number): void {
    this.source.appliedWrites = number;
    this.#sink?.sessionsApplied?.(this.source);
  }

  open(connectionId: number, request: { path?: string; headers?: Record<string, string> } = {}): void {
    const details = encodeUpgradeRequest(this.codec, connectionId, {
      method: 'GET',
      path: request.path ?? '/',
      queryString: '',
      query: {},
      headers: request.headers ?? {},
      cookies: {},
      remoteAddress: '10.1.2.3',
      remotePort: 5555,
      serverAddress: '127.0.0.1',
      serverPort: 8000,
      receivedAtMs: 1_700_000_000_000,
    });
    this.deliver({ type: 'open', connectionId, session: NOTHING, details });
  }

  connect(connectionId: number): void {
    this.deliver({ type: 'connect', connectionId, session: NOTHING });
  }

  text(connectionId: number, text: string, session?: unknown): void {
    this.frame(connectionId, Opcode.Text, Buffer.from(text), session);
  }

  /** An envelope; without an id no answer is wanted. */
  say(connectionId: number, event: string, data?: unknown, id?: string | number, session?: unknown): void {
    this.text(connectionId, JSON.stringify({ event, data, id }), session);
  }

  frame(connectionId: number, opcode: number, data: Buffer, session?: unknown): void {
    this.deliver({
      type: 'message',
      connectionId,
      session: this.#session(session),
      opcode,
      flags: 0x21,
      data,
    });
  }

  receive(connectionId: number, data: Buffer, session?: unknown): void {
    this.deliver({ type: 'receive', connectionId, session: this.#session(session), data });
  }

  close(
    connectionId: number,
    had: { uid?: string; groups?: string[]; code?: number; reason?: string; session?: unknown } = {},
  ): void {
    const details = encodeCloseDetails(this.codec, {
      uid: byteStringFromText(had.uid ?? ''),
      groups: (had.groups ?? []).map(byteStringFromText),
      kind: 'ws',
      code: had.code,
      reason: had.reason,
    });
    this.deliver({ type: 'close', connectionId, session: this.#session(had.session), details });
  }

  /** From now on events come as ones that another worker had before. */
  redelivering(isRedelivered: boolean): void {
    this.#isRedelivering = isRedelivered;
  }

  deliver(event: GatewayEvent): void {
    const isRedelivered = this.#isRedelivering;
    const frame = encodeFrame((writer) => writeEvent(writer, event));
    const { source } = this;
    const sequence = this.protocol === 'base' ? NO_SEQUENCE : source.nextSequence();
    new FrameDecoder(1024 * 1024).push(frame, (payload) => {
      const isText =
        !isRedelivered &&
        readTextMessage(payload, (...message) => this.#sink?.textMessage?.(source, ...message, sequence));
      if (!isText) this.#sink?.event(source, readEvent(payload), sequence, isRedelivered);
    });
    frame.fill(0xfe);
  }

  /** The next answer that arrives, or the first that nobody has taken yet. */
  async nextSent(): Promise<Sent> {
    await this.until(() => this.sent.length > 0);
    return this.sent.shift()!;
  }

  /** The next answer as its sender reads it. */
  async nextReply(): Promise<unknown> {
    return JSON.parse((await this.nextSent()).message) as unknown;
  }

  /** Waits until something that the worker asked of the gateway makes the condition true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wanted.push(resolve));
  }

  #session(session: unknown): Buffer {
    if (session === undefined) return NOTHING;
    return session instanceof Buffer ? session : this.codec.encode(session);
  }

  #makeSource(): LoopbackSource {
    return new LoopbackSource(KEY, () => this.#noticed());
  }

  #noticed(): void {
    for (const wake of this.#wanted.splice(0)) wake();
  }
}
