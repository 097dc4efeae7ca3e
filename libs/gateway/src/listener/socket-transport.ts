import type { Socket } from 'node:net';
import { plainAddress } from './upgrade-request.js';
import type { OutputQueue } from './client-output.js';

/** What transports on a socket have in common: where it leads, and how much went over it. */
export abstract class SocketTransport {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;

  constructor(
    protected readonly socket: Socket,
    protected readonly output: OutputQueue,
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
