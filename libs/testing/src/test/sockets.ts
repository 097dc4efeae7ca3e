import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { NodeAddress } from '#protocol';

/** One end of a TCP connection, and all that came on it. */
export class TestSocket {
  readonly chunks: Buffer[] = [];
  /** What happened to it, in order: `end` is a FIN, `ECONNRESET` a RST. */
  readonly news: string[] = [];
  /** When each chunk came, on the clock of `performance.now()`. */
  readonly timesMs: number[] = [];
  #wanted: (() => void)[] = [];

  constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.timesMs.push(performance.now());
      this.#noticed();
    });
    socket.on('end', () => this.#noticed('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#noticed(error.code));
    socket.on('close', () => this.#noticed('close'));
    onTestFinished(() => void socket.destroy());
  }

  static async dial(address: NodeAddress): Promise<TestSocket> {
    const dialled = new TestSocket(connect({ ...address, allowHalfOpen: true }));
    await once(dialled.socket, 'connect');
    return dialled;
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wanted.push(resolve));
  }

  async received(text: string): Promise<void> {
    await this.until(() => this.text.includes(text));
  }

  async told(news: string): Promise<void> {
    await this.until(() => this.news.includes(news));
  }

  #noticed(news?: string): void {
    if (news !== undefined) this.news.push(news);
    for (const wake of this.#wanted.splice(0)) wake();
  }
}

/** A listener that keeps the sockets that are made to it. */
export class TestListener {
  readonly sockets: TestSocket[] = [];
  #wanted: (() => void)[] = [];

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.push(new TestSocket(socket));
      for (const wake of this.#wanted.splice(0)) wake();
    });
    onTestFinished(() => void server.close());
  }

  static async listen(): Promise<TestListener> {
    const server = createServer({ allowHalfOpen: true });
    const listener = new TestListener(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return listener;
  }

  get address(): NodeAddress {
    const bound = this.server.address();
    if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
    return { host: '127.0.0.1', port: bound.port };
  }

  /** The n-th socket that was made to it, counted from 1. */
  async accepted(count: number): Promise<TestSocket> {
    while (this.sockets.length < count) {
      await new Promise<void>((resolve) => this.#wanted.push(resolve));
    }
    return this.sockets[count - 1]!;
  }
}
