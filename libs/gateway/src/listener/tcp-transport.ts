import type { Socket } from 'node:net';
import type { OutgoingMessage } from '../connection/outgoing-message.js';
import type { Transport } from '../connection/transport.js';
import type { OutputQueue } from './client-output.js';
import type { TcpFraming } from './tcp-framing.js';
import { plainAddress } from './upgrade-request.js';

/** A raw TCP client: the end of the stream is all the goodbye that there is. */
export class TcpTransport implements Transport {
  readonly kind = 'tcp';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;

  constructor(
    private readonly socket: Socket,
    private readonly framing: TcpFraming,
    private readonly closeTimeoutMs: number,
    private readonly output: OutputQueue,
  ) {
    this.remoteAddress = plainAddress(socket.remoteAddress);
    this.remotePort = socket.remotePort ?? 0;
    this.localPort = socket.localPort ?? 0;
  }

  get queuedBytes(): number {
    return this.output.unsentBytes;
  }

  get receivedBytes(): number {
    return this.socket.bytesRead;
  }

  get isPaused(): boolean {
    return this.socket.isPaused();
  }

  send(message: OutgoingMessage): void {
    if (this.socket.writable) this.output.queue(message.framedBy(this.framing), message.isBroadcast);
  }

  close(): void {
    this.output.flush();
    this.socket.end();
    setTimeout(() => this.socket.destroy(), this.closeTimeoutMs).unref();
  }

  destroy(): void {
    this.output.discard();
    this.socket.destroy();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }
}
