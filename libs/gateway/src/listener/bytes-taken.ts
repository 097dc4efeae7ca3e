import type { Socket } from 'node:net';

interface SocketHandle {
  readonly bytesWritten?: unknown;
  readonly writeQueueSize?: unknown;
}

/**
 * Bytes of a socket that the system has taken so far. The socket itself counts a write when all of it is taken: one that takes a large
 * message slowly would look as if it took nothing. Its handle knows, which Node asks for its own timeouts; where it does not say, the
 * socket's count is what there is.
 */
export function bytesTaken(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { readonly _handle?: SocketHandle | null };
  const written = handle?.bytesWritten;
  const waiting = handle?.writeQueueSize;
  if (typeof written === 'number' && typeof waiting === 'number') return written - waiting;
  return socket.bytesWritten - socket.writableLength;
}
