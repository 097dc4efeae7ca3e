import type { Writable } from 'node:stream';
import * as ws from 'ws';

interface ReceiverOptions {
  readonly isServer: boolean;
  readonly maxPayload: number;
  readonly maxFragments: number;
}

/** `ws` exports it, its types do not. */
const { Receiver } = ws as unknown as { Receiver: new (options: ReceiverOptions) => Writable };

/** What the receiver of `ws` makes of the bytes, set up as its server does it without compression. */
export function readWithWs(bytes: Buffer, maxPayload: number): unknown[] {
  const entries: unknown[] = [];
  let ended = false;
  const receiver = new Receiver({ isServer: true, maxPayload, maxFragments: 16 * 1024 })
    .on('message', (data: Buffer, isBinary: boolean) =>
      entries.push([isBinary ? 'binary' : 'text', data.toString('hex')]),
    )
    .on('ping', (data: Buffer) => entries.push(['ping', data.toString('hex')]))
    .on('pong', (data: Buffer) => entries.push(['pong', data.toString('hex')]))
    .on('conclude', (code: number, reason: Buffer) => {
      ended = true;
      entries.push(['closed', code, reason.toString()]);
    });
  // Past the queue of the stream, so that everything has happened when it returns.
  receiver._write(Buffer.from(bytes), 'binary', (error) => {
    if (!error || ended) return;
    entries.push(['refused', statusOf(error)]);
  });
  return entries;
}

function statusOf(error: Error): unknown {
  const key = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code');
  if (key === undefined) throw error;
  return (error as unknown as Record<symbol, unknown>)[key];
}
