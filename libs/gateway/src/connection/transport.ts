import type { ClientKind } from '#protocol';
import type { OutgoingMessage } from './outgoing-message.js';

/**
 * How one connection reaches its client. The table holds connections, not sockets: what carries the bytes
 * is replaceable (WebSocket and TCP today; a resumed connection, SSE or MQTT later).
 */
export interface Transport {
  readonly kind: ClientKind;
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The port that the client connected to. */
  readonly localPort: number;
  /** Bytes that the client has not taken yet, as far as this process knows. */
  readonly queuedBytes: number;
  /** Bytes that the client has sent so far. */
  readonly receivedBytes: number;
  /** Nothing is read from it now. */
  readonly isPaused: boolean;
  /**
   * Queues the message; it leaves at the end of the turn of the event loop, together with all others for this client. One for a
   * client that is behind waits, and may be dropped: see `whenSlow`.
   */
  send(message: OutgoingMessage): void;
  /** Asks the client for a sign of life; absent where the protocol has none. */
  ping?(): void;
  /** Sends what is queued, then says goodbye. */
  close(code: number, reason: string): void;
  /** Ends it now; what is queued is lost. */
  destroy(): void;
  pause(): void;
  resume(): void;
}
