import { once } from 'node:events';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import type { LogFacts, NodeLog } from '#link';
import { jsonSessionCodec, type ClientKind } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import type { Connection } from '../connection/connection.js';
import type { OutgoingMessage } from '../connection/outgoing-message.js';
import type { Transport } from '../connection/transport.js';
import { Gateway } from '../gateway.js';
import type { GatewayOptions } from '../gateway-options.js';
import { LanPeer, WorkerPeer } from './lan-peer.js';
import { NestwirePeer } from './nestwire-peer.js';

/** Keeps every line, so that a test can say what an operator would read. */
export class LogRecorder implements NodeLog {
  readonly lines: { readonly level: string; readonly text: string; readonly facts: LogFacts | undefined }[] =
    [];

  log(text: string, facts?: LogFacts): void {
    this.lines.push({ level: 'log', text, facts });
  }

  warn(text: string, facts?: LogFacts): void {
    this.lines.push({ level: 'warn', text, facts });
  }

  error(text: string, facts?: LogFacts): void {
    this.lines.push({ level: 'error', text, facts });
  }

  texts(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ text }) => text);
  }
}

/** Something that takes an announcement, so that a gateway has a register. */
export async function registerSink(): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
    onTestFinished(() => void socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('No port');
  return `127.0.0.1:${bound.port}`;
}

export const LOCAL_LISTENERS = ['ws://127.0.0.1:0', 'tcp://127.0.0.1:0?frame=newline'];

/** A gateway on free ports, with what a test wants to know of it. */
export class TestGateway {
  readonly log = new LogRecorder();
  readonly gateway: Gateway;

  private constructor(options: Partial<GatewayOptions>) {
    this.gateway = new Gateway(options, this.log);
    onTestFinished(() => this.gateway.close());
  }

  static async start(options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
    const running = new TestGateway({
      lan: '127.0.0.1:0',
      listen: LOCAL_LISTENERS,
      registers: [await registerSink()],
      closeTimeoutMs: 200,
      // What `LanPeer` and `WorkerPeer` speak.
      protocol: 'base',
      ...options,
    });
    await running.gateway.listen();
    return running;
  }

  get stats(): Gateway['stats'] {
    return this.gateway.stats;
  }

  get ws(): string | undefined {
    return this.gateway.urls.find((url) => url.startsWith('ws:'));
  }

  get tcp(): string | undefined {
    return this.gateway.urls.find((url) => url.startsWith('tcp:'));
  }

  caller(): Promise<LanPeer> {
    return LanPeer.dial(this.gateway.address);
  }

  /** Resolves when its events are routed to it. */
  async worker(): Promise<WorkerPeer> {
    const { workers } = this.gateway;
    const before = workers.workers.map(({ id }) => id);
    const worker = await WorkerPeer.join(this.gateway.address);
    await until(() => workers.workers.some(({ id }) => !before.includes(id)), 'the worker is taken');
    return worker;
  }

  /** A worker of the extension. Resolves when its events are routed to it. */
  async nestwireWorker(windowBytes = 0): Promise<NestwirePeer> {
    const { workers } = this.gateway;
    const before = workers.workers.map(({ id }) => id);
    const worker = await NestwirePeer.dial(this.gateway.address);
    worker.takeEvents(windowBytes);
    await until(() => workers.workers.some(({ id }) => !before.includes(id)), 'the worker is taken');
    return worker;
  }

  get connections(): Connection[] {
    return [...this.gateway.table.all()];
  }

  async connected(count: number): Promise<Connection[]> {
    await until(() => this.gateway.table.size === count, `${count} clients are connected`);
    return this.connections;
  }
}

/** A transport that keeps what it is told, for tests that need no socket. */
export class FakeTransport implements Transport {
  readonly remoteAddress = '192.0.2.7';
  readonly remotePort = 4711;
  readonly localPort = 8000;
  queuedBytes = 0;
  receivedBytes = 0;
  isPaused = false;
  pings = 0;
  readonly sent: string[] = [];
  readonly endings: (number | 'destroyed')[] = [];

  constructor(readonly kind: ClientKind = 'ws') {}

  send(message: OutgoingMessage): void {
    this.sent.push(message.payload.toString());
  }

  ping(): void {
    this.pings++;
  }

  close(code: number): void {
    this.endings.push(code);
  }

  destroy(): void {
    this.endings.push('destroyed');
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

/** The value that a worker would read from event details or a session. */
export function decoded(bytes: Buffer): unknown {
  return jsonSessionCodec.decode(bytes);
}
