import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { until } from '../../../../test/links/link-kit.js';

/** A WebSocket client as a browser would be. */
export class WsClient {
  readonly messages: { readonly data: Buffer; readonly isBinary: boolean }[] = [];
  closing: { readonly code: number; readonly reason: string } | undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => this.messages.push({ data: data as Buffer, isBinary }));
    socket.on('close', (code, reason) => (this.closing = { code, reason: reason.toString() }));
    socket.on('error', () => undefined);
    onTestFinished(() => socket.terminate());
  }

  static async open(url: string | undefined, options: ClientOptions = {}): Promise<WsClient> {
    const client = new WsClient(new WebSocket(url ?? '', { perMessageDeflate: false, ...options }));
    await once(client.socket, 'open');
    return client;
  }

  get texts(): string[] {
    return this.messages.map(({ data }) => data.toString());
  }

  send(data: string | Buffer): void {
    this.socket.send(data);
  }

  async received(count: number): Promise<string[]> {
    await until(
      () => this.messages.length >= count,
      `${count} messages have come, not ${this.messages.length}`,
    );
    return this.texts;
  }

  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    await until(() => this.closing !== undefined, 'the client is closed');
    return this.closing!;
  }
}

/** A client that is nothing but a socket. */
export class RawClient {
  readonly chunks: Buffer[] = [];
  isClosed = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
  }

  /** @param url of a listener, `tcp://` or `ws://`; of the latter only the port is used */
  static async dial(url: string | undefined): Promise<RawClient> {
    const { hostname, port } = new URL(url ?? '');
    const socket = connect({ host: hostname, port: Number(port) });
    socket.setNoDelay(true);
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** A WebSocket whose frames the test writes and reads itself. */
  static async upgrade(url: string | undefined, headers: readonly string[] = []): Promise<RawClient> {
    const client = await RawClient.dial(url);
    client.write(upgradeRequest('/', headers));
    await client.until((text) => text.includes('\r\n\r\n'), 'the upgrade is answered');
    const rest = client.received.subarray(client.text.indexOf('\r\n\r\n') + 4);
    client.chunks.splice(0, client.chunks.length, ...(rest.length > 0 ? [rest] : []));
    return client;
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  async until(condition: (text: string) => boolean, what: string): Promise<string> {
    await until(() => condition(this.text), what);
    return this.text;
  }

  async receivedBytes(count: number): Promise<Buffer> {
    await until(() => this.received.length >= count, `${count} bytes have come`);
    return this.received;
  }

  async closed(): Promise<void> {
    await until(() => this.isClosed, 'the socket is closed');
  }
}

export function upgradeRequest(target: string, headers: readonly string[] = [], version = 13): string {
  return [
    `GET ${target} HTTP/1.1`,
    'Host: gateway.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    `Sec-WebSocket-Version: ${version}`,
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '\r\n',
  ].join('\r\n');
}

/** A client's frame, masked with zeros so that the payload can be read in a dump. */
export function clientFrame(
  opcode: number,
  payload: Buffer | string,
  { fin = true, masked = true } = {},
): Buffer {
  const bytes = Buffer.from(payload);
  if (bytes.length > 125) throw new Error('Only short frames');
  const head = [(fin ? 0x80 : 0) | opcode, (masked ? 0x80 : 0) | bytes.length];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), bytes]);
}

/** What a close frame from the gateway says. */
export function closeFrameIn(bytes: Buffer): { code: number; reason: string } | undefined {
  let at = 0;
  while (bytes.length - at >= 2) {
    const length = bytes[at + 1]!;
    const start = at + (length < 126 ? 2 : length === 126 ? 4 : 10);
    const size =
      length < 126 ? length : length === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
    if (bytes.length < start + size) return undefined;
    if (bytes[at] === 0x88)
      return { code: bytes.readUInt16BE(start), reason: bytes.subarray(start + 2, start + size).toString() };
    at = start + size;
  }
  return undefined;
}
