import type { Writable } from 'node:stream';
import * as ws from 'ws';
import type { Received } from './receiver-log.js';

interface ReceiverOptions {
  readonly isServer: boolean;
  readonly maxPayload: number;
  readonly maxFragments: number;
}

/** `ws` exports it, its types do not. */
const { Receiver } = ws as unknown as { Receiver: new (options: ReceiverOptions) => Writable };

/** The receiver of `ws`, as its server sets it up without compression, and what it gives back in the same words as ours. */
export class ReceiverOfWs {
  readonly entries: Received[] = [];
  readonly #receiver: Writable;
  #ended = false;

  constructor(maxPayload: number) {
    this.#receiver = new Receiver({ isServer: true, maxPayload, maxFragments: 16 * 1024 })
      .on('message', (data: Buffer, isBinary: boolean) =>
        this.entries.push([isBinary ? 'binary' : 'text', data.toString('hex')]),
      )
      .on('ping', (data: Buffer) => this.entries.push(['ping', data.toString('hex')]))
      .on('pong', (data: Buffer) => this.entries.push(['pong', data.toString('hex')]))
      .on('conclude', (code: number, reason: Buffer) => {
        this.#ended = true;
        this.entries.push(['closed', code, reason.toString()]);
      });
  }

  /** Past the queue of the stream, so that everything has happened when it returns. */
  push(chunk: Buffer): void {
    if (this.#ended) return;
    this.#receiver._write(Buffer.from(chunk), 'binary', (error) => {
      if (!error || this.#ended) return;
      this.#ended = true;
      this.entries.push(['refused', statusOf(error)]);
    });
  }
}

function statusOf(error: Error): number {
  const key = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code');
  if (key === undefined) throw error;
  return (error as unknown as Record<symbol, number>)[key]!;
}
