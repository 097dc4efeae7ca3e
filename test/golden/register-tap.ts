import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * A place where our gateway finds the register for the whole replay, and where what it says is overheard. While there is no
 * register behind it, connections are refused as soon as they are made.
 */
export class RegisterTap {
  /** What the gateway has said, connection by connection. */
  readonly overheard: Buffer[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: number | undefined;
  #onNews: (() => void) | undefined;

  private constructor() {
    this.#server = createServer((socket) => this.#relay(socket));
  }

  static async listen(): Promise<RegisterTap> {
    const tap = new RegisterTap();
    tap.#server.listen(0, '127.0.0.1');
    await once(tap.#server, 'listening');
    return tap;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @param port where the register listens now; undefined: nowhere */
  leadTo(port: number | undefined): void {
    this.#target = port;
  }

  /** Resolves when the connection with this index has said so many bytes. */
  async heard(index: number, count: number): Promise<Buffer> {
    while ((this.overheard[index]?.length ?? 0) < count) {
      await new Promise<void>((resolve) => (this.#onNews = resolve));
    }
    return this.overheard[index]!;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(near: Socket): void {
    this.#keep(near);
    if (this.#target === undefined) return void near.destroy();
    const far = connect(this.#target, '127.0.0.1');
    this.#keep(far);
    const index = this.overheard.push(Buffer.alloc(0)) - 1;
    near.on('data', (chunk: Buffer) => {
      this.overheard[index] = Buffer.concat([this.overheard[index]!, chunk]);
      this.#onNews?.();
    });
    near.pipe(far);
    far.pipe(near);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // Which side broke shows on the other one: a relay has no opinion.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
