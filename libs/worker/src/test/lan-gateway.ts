import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

import {
  COMMANDS,
  encodeFrame,
  FrameDecoder,
  gatewayKey,
  readRequest,
  writeEvent,
  type ByteReader,
  type GatewayEvent,
  type NodeAddress,
} from '#protocol';

/** A gateway's LAN port as protocol.md describes it, on a real socket: events out, and a note of each command that comes in. */
export class LanGateway {
  readonly commands: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #eventSocket: Socket | undefined;
  #wanted: (() => void)[] = [];

  private constructor() {
    // As a gateway does: a worker that half-closes its event link is sent nothing more.
    this.#server = createServer((socket) => this.#onSocket(socket));
  }

  static async listen(): Promise<LanGateway> {
    const gateway = new LanGateway();
    gateway.#server.listen(0, '127.0.0.1');
    await once(gateway.#server, 'listening');
    return gateway;
  }

  get address(): NodeAddress {
    const bound = this.#server.address();
    if (typeof bound !== 'object' || bound === null) throw new Error('not listening');
    return { host: '127.0.0.1', port: bound.port };
  }

  get key(): string {
    return gatewayKey(this.address);
  }

  /** On the link on which a worker said RegisterWorker. */
  async send(event: GatewayEvent): Promise<void> {
    await this.until(() => this.#eventSocket !== undefined);
    this.#eventSocket!.write(encodeFrame((writer) => writeEvent(writer, event)));
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wanted.push(resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #onSocket(socket: Socket): void {
    this.#sockets.add(socket);
    const decoder = new FrameDecoder(1024 * 1024);
    socket.on('data', (chunk: Buffer) => decoder.push(chunk, (payload) => this.#onCommand(socket, payload)));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #onCommand(socket: Socket, payload: ByteReader): void {
    this.commands.push(this.#noteOf(socket, payload));
    for (const wake of this.#wanted.splice(0)) wake();
  }

  #noteOf(socket: Socket, payload: ByteReader): string {
    const code = payload.u8();
    switch (code) {
      case COMMANDS.registerWorker.code:
        this.#eventSocket = socket;
        return `registerWorker ${JSON.stringify(readRequest(payload, COMMANDS.registerWorker))}`;
      case COMMANDS.sendToClient.code: {
        const { connectionId, message } = readRequest(payload, COMMANDS.sendToClient);
        return `sendToClient ${connectionId} ${message.toString()}`;
      }
      case COMMANDS.closeClient.code: {
        const { connectionId, mode } = readRequest(payload, COMMANDS.closeClient);
        return `closeClient ${connectionId} ${mode}`;
      }
      default:
        return `command ${code}`;
    }
  }
}
