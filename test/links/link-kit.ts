import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { Link, LinkServer, resolveLinkOptions, type LinkHandler, type LinkOptions } from '#link';
import { encodeFrame, FrameDecoder, type ByteReader, type NodeAddress } from '#protocol';

const PATIENCE_MS = 10_000;

/** Resolves when `condition` holds. Looks again at each turn of the event loop, so that it works beside fake timers. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited ${PATIENCE_MS} ms in vain: ${what}`);
    await nextTurn();
  }
}

/** A frame around `payload`, as bytes. */
export function frameOf(payload: string | Uint8Array): Buffer {
  return encodeFrame((writer) => writer.payload(payload));
}

/** Keeps all that a link tells its owner. */
export class LinkRecorder implements LinkHandler {
  /** Past tenses in the order in which they came: connected, congested, drained, ended, closed. */
  readonly news: string[] = [];
  readonly frames: Buffer[] = [];
  readonly links: Link[] = [];
  /** Of each link that has closed, in order. */
  readonly reasons: (Error | undefined)[] = [];
  onConnected: ((link: Link) => void) | undefined;
  onFrame: ((payload: Buffer, link: Link) => void) | undefined;

  get texts(): string[] {
    return this.frames.map(String);
  }

  connected(link: Link): void {
    this.links.push(link);
    this.news.push('connected');
    this.onConnected?.(link);
  }

  frame(payload: ByteReader, link: Link): void {
    const bytes = Buffer.from(payload.rest());
    this.frames.push(bytes);
    this.onFrame?.(bytes, link);
  }

  congested(): void {
    this.news.push('congested');
  }

  drained(): void {
    this.news.push('drained');
  }

  ended(): void {
    this.news.push('ended');
  }

  closed(_link: Link, reason: Error | undefined): void {
    this.news.push('closed');
    this.reasons.push(reason);
  }

  async link(number = 0): Promise<Link> {
    await until(() => this.links.length > number, `link ${number} is connected`);
    return this.links[number]!;
  }

  /** The reason of the link that was the `number`th to close. */
  async closing(number = 0): Promise<Error | undefined> {
    await until(() => this.reasons.length > number, `link ${number} is closed`);
    return this.reasons[number];
  }

  async received(count: number): Promise<readonly Buffer[]> {
    await until(() => this.frames.length >= count, `${count} frames have arrived`);
    return this.frames;
  }
}

/** A peer without any of our code between it and the socket. */
export class RawPeer {
  /** What has arrived, chunk by chunk. */
  readonly chunks: Buffer[] = [];
  /** The other side has sent FIN. */
  hasEnded = false;
  isClosed = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    socket.on('end', () => (this.hasEnded = true));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => undefined); // a reset is one of the ways in which it is closed
    onTestFinished(() => void socket.destroy());
  }

  /** Connects, and does not end its own side when the other one ends. */
  static async dial({ host, port }: NodeAddress): Promise<RawPeer> {
    const socket = connect({ host, port, allowHalfOpen: true });
    const peer = new RawPeer(socket);
    await once(socket, 'connect');
    return peer;
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get frames(): Buffer[] {
    const frames: Buffer[] = [];
    new FrameDecoder(0xffff_ffff).push(this.received, (payload) => frames.push(Buffer.from(payload.rest())));
    return frames;
  }

  get texts(): string[] {
    return this.frames.map(String);
  }

  send(...payloads: readonly (string | Uint8Array)[]): void {
    this.write(...payloads.map(frameOf));
  }

  write(...bytes: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  async receivedBytes(count: number): Promise<Buffer> {
    await until(() => this.received.length >= count, `${count} bytes have arrived`);
    return this.received;
  }

  async ended(): Promise<void> {
    await until(() => this.hasEnded || this.isClosed, 'the other side has ended');
  }

  async closed(): Promise<void> {
    await until(() => this.isClosed, 'the other side has closed');
  }
}

/** A listening port that hands over bare sockets. */
export async function listenRaw(): Promise<{ server: Server; address: NodeAddress; peers: RawPeer[] }> {
  const peers: RawPeer[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => peers.push(new RawPeer(socket)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { server, address: boundAddress(server), peers };
}

/** A `LinkServer` on a free port, and what its links tell. */
export async function listenForLinks(
  options: Partial<LinkOptions> = {},
  recorder = new LinkRecorder(),
): Promise<{ server: LinkServer; address: NodeAddress; recorder: LinkRecorder }> {
  const server = new LinkServer(resolveLinkOptions(options), recorder);
  const address = await server.listen({ host: '127.0.0.1', port: 0 }, 'listen');
  onTestFinished(async () => {
    for (const link of server.links) link.destroy();
    await server.close();
  });
  return { server, address, recorder };
}

export interface LinkedPeer {
  readonly link: Link;
  readonly recorder: LinkRecorder;
  readonly peer: RawPeer;
  /** The link's own socket, to look at what reached the system. */
  readonly socket: Socket;
}

/** A link that has dialled, in state `handshaking`, and the raw peer at its other end. */
export async function linkToRawPeer(
  options: Partial<LinkOptions> = {},
  recorder = new LinkRecorder(),
): Promise<LinkedPeer> {
  const { address, peers } = await listenRaw();
  const socket = connect({ host: address.host, port: address.port, allowHalfOpen: true });
  const link = new Link(socket, 'peer:1', resolveLinkOptions(options), recorder);
  onTestFinished(() => link.destroy());
  await recorder.link();
  await until(() => peers.length === 1, 'the connection is accepted');
  return { link, recorder, peer: peers[0]!, socket };
}

function boundAddress(server: Server): NodeAddress {
  const bound = server.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('The server does not listen on a port');
  return { host: '127.0.0.1', port: bound.port };
}
