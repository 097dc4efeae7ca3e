import type { Socket } from 'node:net';
import type { OutgoingMessage } from '../connection/outgoing-message.js';
import type { Transport } from '../connection/transport.js';
import type { OutputQueue } from './client-output.js';
import type { TcpFraming } from './tcp-framing.js';
import { SocketTransport } from './socket-transport.js';

/** A raw TCP client: the end of the stream is all the goodbye that there is. */
export class TcpTransport extends SocketTransport implements Transport {
  readonly kind = 'tcp';

  constructor(
    socket: Socket,
    private readonly framing: TcpFraming,
    private readonly closeTimeoutMs: number,
    output: OutputQueue,
  ) {
    super(socket, output);
  }

  send(message: OutgoingMessage): void {
    if (this.socket.writable) this.output.send(message, this.framing);
  }

  close(): void {
    this.output.handOver();
    this.socket.end();
    setTimeout(() => this.socket.destroy(), this.closeTimeoutMs).unref();
  }
}
