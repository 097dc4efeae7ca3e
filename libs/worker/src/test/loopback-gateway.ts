import type { EventSink } from '#api';
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
import type { WorkerEventPort } from '../worker.strategy.js';

const KEY = gatewayKey({ host: '127.0.0.1', port: 9108 });
const NOTHING = Buffer.alloc(0);

export interface Sent {
  readonly clientId: string;
  readonly message: string;
}

/**
 * One gateway as a worker sees it, without the socket: its events are encoded as frames, decoded as the link does, and
 * the receive buffer is overwritten as soon as the worker has returned.
 */
export class LoopbackGateway implements WorkerEventPort, ReplyPort {
  readonly sent: Sent[] = [];
  readonly closed: string[] = [];
  /** What happened to the port, in order. */
  readonly calls: string[] = [];
  /** Delivers what the gateway has sent before it noticed that the worker leaves. */
  underWay: () => void = () => undefined;
  #sink: EventSink | undefined;
  #wanted: (() => void)[] = [];

  constructor(readonly codec: SessionCodec = jsonSessionCodec) {}

  get key(): string {
    return KEY;
  }

  idOf(connectionId: number): string {
    return formatClientId(KEY, connectionId);
  }

  subscribe(sink: EventSink): void {
    this.calls.push('subscribe');
    this.#sink = sink;
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

  deliver(event: GatewayEvent): void {
    const frame = encodeFrame((writer) => writeEvent(writer, event));
    new FrameDecoder(1024 * 1024).push(frame, (payload) => {
      const isText = readTextMessage(payload, (...message) => this.#sink?.textMessage?.(KEY, ...message));
      if (!isText) this.#sink?.event(KEY, readEvent(payload));
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

  #noticed(): void {
    for (const wake of this.#wanted.splice(0)) wake();
  }
}
