import type { Writable } from 'node:stream';
import * as ws from 'ws';
import { WsReceiver } from '../../../libs/gateway/src/listener/ws-receiver.js';
import { clientFrame, Opcode } from '../../generator/wire/client-frames.js';
import type { MicroCase } from '../micro-case.js';

const MESSAGE_BYTES = 128;
const CHUNK_BYTES = 64 * 1024;
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Whole messages, as many as fit into what is read at once. */
const FRAME = clientFrame(Opcode.Text, Buffer.alloc(MESSAGE_BYTES, 'nestwire '));
const MESSAGES = Math.floor(CHUNK_BYTES / FRAME.length);
const FRAMES = Buffer.concat(Array.from({ length: MESSAGES }, () => FRAME));

interface WsOptions {
  readonly isServer: boolean;
  readonly maxPayload: number;
}
/** `ws` exports it, its types do not. */
const { Receiver } = ws as unknown as { Receiver: new (options: WsOptions) => Writable };

/** Both unmask where the bytes lie: each chunk has to be fresh, and making it so counts for both. */
const chunk = Buffer.alloc(FRAMES.length);

export const RECEIVER_CASES: readonly MicroCase[] = [
  {
    group: 'WebSocket receiver',
    name: 'ours, a message of 128 B in chunks of 64 KiB',
    operations: MESSAGES,
    prepare() {
      const receiver = new WsReceiver(MAX_MESSAGE_BYTES);
      let taken = 0;
      const sink = {
        message: (data: Buffer) => void (taken += data.length),
        pinged: unexpected,
        ponged: unexpected,
        closed: unexpected,
      };
      return {
        expected: MESSAGES * MESSAGE_BYTES,
        run() {
          FRAMES.copy(chunk);
          taken = 0;
          receiver.push(chunk, sink);
          return taken;
        },
      };
    },
  },
  {
    group: 'WebSocket receiver',
    name: 'that of ws, a message of 128 B in chunks of 64 KiB',
    operations: MESSAGES,
    prepare() {
      let taken = 0;
      const options = { isServer: true, maxPayload: MAX_MESSAGE_BYTES, allowSynchronousEvents: true };
      const receiver = new Receiver(options).on('message', (data: Buffer) => void (taken += data.length));
      return {
        expected: MESSAGES * MESSAGE_BYTES,
        run() {
          FRAMES.copy(chunk);
          taken = 0;
          // Past the queue of the stream, so that everything has happened when it returns.
          receiver._write(chunk, 'binary', () => undefined);
          return taken;
        },
      };
    },
  },
];

function unexpected(): never {
  throw new Error('Only messages were sent');
}
