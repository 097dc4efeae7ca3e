import type { Transport } from '#gateway';

/** Counts instead of sending: what is measured is what happens before a socket. */
export class CountingTransport implements Transport {
  readonly kind = 'ws';
  readonly remoteAddress = '192.0.2.7';
  readonly remotePort = 4711;
  readonly localPort = 8000;
  readonly queuedBytes = 0;
  readonly receivedBytes = 0;
  readonly isPaused = false;
  messages = 0;

  send(): void {
    this.messages++;
  }

  close(): void {
    throw new Error('Nothing is closed here');
  }

  destroy(): void {
    throw new Error('Nothing is destroyed here');
  }

  pause(): void {
    throw new Error('Nothing is paused here');
  }

  resume(): void {
    throw new Error('Nothing is resumed here');
  }
}
