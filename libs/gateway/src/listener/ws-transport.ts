import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Framing, OutgoingMessage } from '../connection/outgoing-message.js';
import type { Transport } from '../connection/transport.js';
import type { OutputQueue } from './client-output.js';
import { SocketTransport } from './socket-transport.js';
import { PING_FRAME, pongFrame } from './ws-framing.js';

const [OPEN, CLOSING] = [1, 2];

/**
 * A WebSocket client. `ws` reads and does the close handshake; messages go out beside its sender, as frames that were built once
 * for all their receivers and leave once a turn, and so do pings and pongs, which would pile up unseen for one that does not read.
 */
export class WsTransport extends SocketTransport implements Transport {
  readonly kind = 'ws';

  constructor(
    private readonly client: WebSocket,
    socket: Socket,
    private readonly framing: Framing,
    output: OutputQueue,
  ) {
    super(socket, output);
  }

  override get isPaused(): boolean {
    return this.client.isPaused;
  }

  send(message: OutgoingMessage): void {
    if (this.client.readyState === OPEN) this.output.send(message, this.framing);
  }

  ping(): void {
    if (this.client.readyState === OPEN) this.output.sendControl('ping', PING_FRAME);
  }

  pinged(data: Buffer): void {
    if (this.client.readyState !== OPEN) return;
    this.output.sendControl('pong', pongFrame(data));
    // Now, because `ws` writes its close frame at once, and nothing may come behind that.
    this.output.flush();
  }

  close(code: number, reason: string): void {
    // It has said goodbye itself, and does not take what waits for it: `ws` would wait for ever.
    if (this.client.readyState === CLOSING) return this.destroy();
    this.output.handOver();
    this.client.close(code, reason);
  }

  override destroy(): void {
    this.output.discard();
    this.client.terminate();
  }

  override pause(): void {
    this.client.pause();
  }

  override resume(): void {
    this.client.resume();
  }
}
