import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Framing, OutgoingMessage } from '../connection/outgoing-message.js';
import type { Transport } from '../connection/transport.js';
import type { OutputQueue } from './client-output.js';
import { SocketTransport } from './socket-transport.js';

const [OPEN, CLOSING] = [1, 2];

/**
 * A WebSocket client. `ws` reads, answers pings and does the close handshake; messages go out beside its sender, as frames that
 * were built once for all their receivers and leave once a turn.
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
    this.client.ping();
  }

  close(code: number, reason: string): void {
    // It has said goodbye itself, and does not take what waits for it: `ws` would wait for ever.
    if (this.client.readyState === CLOSING) return this.destroy();
    this.output.flush();
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
