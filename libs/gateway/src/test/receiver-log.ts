import type { WsProtocolError, WsReceiver, WsReceiverSink } from '../listener/ws-receiver.js';

/** What a receiver gave back, in words that can be compared; bytes in hex. */
export type Received =
  | readonly ['text' | 'binary' | 'ping' | 'pong', string]
  | readonly ['closed', number, string]
  | readonly ['refused', number];

/** Keeps everything that it gets, as copies. */
export class ReceiverLog implements WsReceiverSink {
  readonly entries: Received[] = [];

  message(data: Buffer, isText: boolean): void {
    this.entries.push([isText ? 'text' : 'binary', data.toString('hex')]);
  }

  pinged(data: Buffer): void {
    this.entries.push(['ping', data.toString('hex')]);
  }

  ponged(data: Buffer): void {
    this.entries.push(['pong', data.toString('hex')]);
  }

  closed(code: number, reason: string): void {
    this.entries.push(['closed', code, reason]);
  }

  /** Pushes copies, because a receiver may write into what it gets. */
  take(receiver: WsReceiver, chunks: readonly Uint8Array[]): this {
    try {
      for (const chunk of chunks) receiver.push(Buffer.from(chunk), this);
    } catch (error) {
      this.entries.push(['refused', (error as WsProtocolError).closeCode]);
    }
    return this;
  }

  get texts(): string[] {
    return this.entries.flatMap(([kind, hex]) =>
      kind === 'text' ? [Buffer.from(hex, 'hex').toString()] : [],
    );
  }
}

/** The bytes in pieces that end at these positions, in whatever order they come. */
export function splitAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set([...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

export function bytewise(bytes: Buffer): Buffer[] {
  return splitAt(bytes, [...bytes.keys()]);
}
