import { OutgoingMessage } from '../connection/outgoing-message.js';
import type { Connection } from '../connection/connection.js';
import { TCP_FRAMINGS } from '../listener/tcp-framing.js';
import type { TcpFrame } from '../listener/listener-url.js';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient, WsClient } from './clients.js';
import type { TestGateway } from './test-gateway.js';

const MAX_BYTES = 64 * 1024 * 1024;

/** A client that may stop reading, and takes what comes apart: which works only while every frame is whole. */
export interface SlowReader {
  readonly connection: Connection;
  readonly isClosed: boolean;
  /** The numbers of the messages that have come. */
  readonly numbers: readonly number[];
  stall(): void;
  readOn(): void;
}

/** A message that carries its number, in letters that every framing can carry. */
export function numbered(number: number, bytes: number, isBroadcast = false, key?: string): OutgoingMessage {
  return new OutgoingMessage(Buffer.from(`${number} `.padEnd(bytes, 'x')), isBroadcast, key);
}

function numberOf(payload: Buffer): number {
  return Number.parseInt(payload.toString('latin1', 0, 16), 10);
}

async function connectionTo(node: TestGateway, port: number | undefined): Promise<Connection> {
  const isIts = ({ transport }: Connection): boolean => transport.remotePort === port;
  await until(() => node.connections.some(isIts), 'the client is connected');
  return node.connections.find(isIts)!;
}

/** A whole WebSocket client, of the package `ws`. */
export class SlowWsReader implements SlowReader {
  readonly pongs: string[] = [];

  private constructor(
    readonly client: WsClient,
    readonly connection: Connection,
  ) {
    client.socket.on('pong', (data) => this.pongs.push(data.toString()));
  }

  static async open(node: TestGateway): Promise<SlowWsReader> {
    const before = new Set(node.connections);
    const client = await WsClient.open(node.ws);
    await until(() => node.connections.some((one) => !before.has(one)), 'the client is connected');
    return new SlowWsReader(
      client,
      node.connections.find((one) => !before.has(one))!,
    );
  }

  get isClosed(): boolean {
    return this.client.closing !== undefined;
  }

  get numbers(): readonly number[] {
    return this.client.messages.map(({ data }) => numberOf(data));
  }

  stall(): void {
    this.client.socket.pause();
  }

  readOn(): void {
    this.client.socket.resume();
  }
}

export class SlowTcpReader implements SlowReader {
  private constructor(
    readonly client: RawClient,
    readonly connection: Connection,
    private readonly frame: Exclude<TcpFrame, 'raw'>,
  ) {}

  static async open(node: TestGateway, frame: Exclude<TcpFrame, 'raw'>): Promise<SlowTcpReader> {
    const client = await RawClient.dial(node.tcp);
    return new SlowTcpReader(client, await connectionTo(node, client.socket.localPort), frame);
  }

  get isClosed(): boolean {
    return this.client.isClosed;
  }

  get numbers(): readonly number[] {
    const numbers: number[] = [];
    const decoder = TCP_FRAMINGS[this.frame].decoder(MAX_BYTES);
    for (const chunk of this.client.chunks)
      decoder.push(chunk, { message: (data) => void numbers.push(numberOf(data)) });
    return numbers;
  }

  stall(): void {
    this.client.socket.pause();
  }

  readOn(): void {
    this.client.socket.resume();
  }
}
