import { connect, type Socket } from 'node:net';
import { firstPayload, frameBytes } from './base-frames.js';

const PATIENCE_MS = 5_000;
const END_OF_HEAD = '\r\n\r\n';

/** One end of a recorded connection, played over a real socket: what the other end sends is asked for piece by piece. */
export class PlayedConnection {
  #received = Buffer.alloc(0);
  #hasEnded = false;
  #onNews: (() => void) | undefined;

  constructor(
    readonly name: string,
    private readonly socket: Socket,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#onNews?.();
    });
    // A reset is an end too: what is missing then, whoever waits for it says.
    socket.on('error', () => this.#end());
    socket.on('end', () => this.#end());
    socket.on('close', () => this.#end());
  }

  static async dial(name: string, port: number): Promise<PlayedConnection> {
    // As PHP's sockets: that the peer is done does not mean that we are.
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    const connection = new PlayedConnection(name, socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return connection;
  }

  get localPort(): number {
    return this.socket.localPort ?? 0;
  }

  /** Bytes that nobody has asked for yet. */
  get unread(): Buffer {
    return this.#received;
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  async bytes(count: number, what: string): Promise<Buffer> {
    await this.#until(() => this.#received.length >= count, `${count} bytes, ${what}`);
    return this.#take(count);
  }

  /** An HTTP head, with the empty line that ends it. */
  async head(what: string): Promise<string> {
    await this.#until(() => this.#received.includes(END_OF_HEAD), what);
    const length = this.#received.indexOf(END_OF_HEAD) + END_OF_HEAD.length;
    return this.#take(length).toString('latin1');
  }

  /** The payload of the next frame of the base protocol. */
  async payload(what: string): Promise<Buffer> {
    await this.#until(() => firstPayload(this.#received) !== undefined, what);
    const payload = Buffer.from(firstPayload(this.#received)!);
    this.#take(frameBytes(payload));
    return payload;
  }

  /** The other end has said something, which is still unread. */
  async speaks(what: string): Promise<void> {
    await this.#until(() => this.#received.length > 0, what);
  }

  /** The other end sends no more. */
  async ended(what: string): Promise<void> {
    await this.#until(() => this.#hasEnded, `the end, ${what}`, true);
  }

  #take(count: number): Buffer {
    const taken = this.#received.subarray(0, count);
    this.#received = this.#received.subarray(count);
    return Buffer.from(taken);
  }

  #end(): void {
    this.#hasEnded = true;
    this.#onNews?.();
  }

  async #until(condition: () => boolean, what: string, mayEnd = false): Promise<void> {
    const complain = (problem: string): Error =>
      new Error(`${this.name} ${problem} for ${what}; unread: ${this.#received.toString('latin1')}`);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(complain(`waited ${PATIENCE_MS} ms`)), PATIENCE_MS);
      const look = (): void => {
        if (!condition() && (mayEnd || !this.#hasEnded)) return;
        clearTimeout(timer);
        if (condition()) resolve();
        else reject(complain('ended, and somebody waits'));
      };
      this.#onNews = () => {
        try {
          look();
        } catch (error) {
          clearTimeout(timer);
          reject(error);
        }
      };
      this.#onNews();
    });
    this.#onNews = undefined;
  }
}
