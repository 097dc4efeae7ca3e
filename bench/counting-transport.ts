import type { Transport } from '#gateway';

/** Where a socket would be: counts what it is given. One serves all connections, so that what they take in memory is theirs. */
export class CountingTransport implements Transport {
  readonly kind = 'ws';
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 4711;
  readonly localPort = 8000;
  readonly queuedBytes = 0;
  readonly receivedBytes = 0;
  readonly isPaused = false;
  sent = 0;

  send(): void {
    this.sent++;
  }

  close(): void {}

  destroy(): void {}

  pause(): void {}

  resume(): void {}
}
