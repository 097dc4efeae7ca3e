import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

const NOTHING = Buffer.alloc(0);

/**
 * Stands where `ws` puts its own socket after an upgrade: `ws` has answered the request, and from here on the bytes are the
 * listener's. Its option `WebSocket` is made for classes of others.
 */
export class UpgradedSocket extends WebSocket {
  /** What came in one piece with the upgrade request. */
  head: Buffer = NOTHING;

  /** Called by the server of `ws` when the answer is written; here it would begin to read. */
  setSocket(socket: Socket, head: Buffer): void {
    socket.setTimeout(0);
    socket.setNoDelay(true);
    this.head = head;
  }
}
