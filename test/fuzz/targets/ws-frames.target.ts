import { isDeepStrictEqual } from 'node:util';
import { WsProtocolError, WsReceiver } from '../../../libs/gateway/src/listener/ws-receiver.js';
import { ReceiverOfWs } from '../../../libs/gateway/src/test/receiver-of-ws.js';
import { fragmented, goodbye, Opcode, wsFrame } from '../../../libs/gateway/src/test/ws-frames.js';
import { holds, shown } from '../contract.js';
import { words } from '../seeds.js';
import { streamTarget } from '../stream-target.js';

const { Text, Binary, Close, Ping, Pong } = Opcode;
const MAX_MESSAGE_BYTES = 1000;
const FRAME_HEAD_BYTES = 14;

const REASONS = 'RESERVED_BITS OPCODE UNMASKED CONTROL_FRAME CLOSE_CODE UTF8 MESSAGE_BYTES FRAGMENTS';
const REFUSALS = REASONS.split(' ').map((reason) => `ERR_NESTWIRE_WS_${reason}`);

const talk = Buffer.concat([
  ...fragmented(Text, ['fra', 'gmënts 💡']),
  wsFrame(Ping, 'ping'),
  wsFrame(Binary, Buffer.alloc(130, 0xff)),
  wsFrame(Pong),
  wsFrame(Close, goodbye(1000, 'bye')),
]);

/** The frames of WebSocket clients: read by our receiver in all chunks, and by the one of `ws`, which must make the same of them. */
export const wsFrames = streamTarget({
  name: 'ws-frames',
  parsers: ['WsReceiver'],
  seeds: [
    talk,
    wsFrame(Text, 'short', { lengthBits: 64 }),
    wsFrame(Text, 'x'.repeat(40) + 'é', { lengthBits: 16 }),
    wsFrame(Binary, Buffer.alloc(MAX_MESSAGE_BYTES)),
    Buffer.concat(fragmented(Binary, [Buffer.alloc(900), Buffer.alloc(101)])),
    wsFrame(Close, ''),
    wsFrame(Ping, Buffer.alloc(125)),
    wsFrame(Text, 'bare', { mask: null }),
  ],
  dictionary: [
    ...words(
      '\x81\x80\0\0\0\0',
      '\x01\x80\0\0\0\0',
      '\x80\x80\0\0\0\0',
      '\x89\x80\0\0\0\0',
      '\x88\x82\0\0\0\0\x03\xe8',
    ),
    ...words('\xff\0\0\0\0\0\0\x03\xe8', '\xfe\x03\xe9', '\xe2\x9c', '\xf0\x9f\x92\xa1'),
  ],
  refusals: new Set(REFUSALS),
  // A message of which the last fragment is missing, and the fragment that makes it whole.
  mostHeldBytes: 2 * MAX_MESSAGE_BYTES + FRAME_HEAD_BYTES,
  open() {
    const receiver = new WsReceiver(MAX_MESSAGE_BYTES);
    return {
      heldBytes: () => receiver.carriedBytes,
      push: (chunk, out) => {
        try {
          receiver.push(chunk, {
            message: (data, isText) => out.push([isText ? 'text' : 'binary', data.toString('hex')]),
            pinged: (data) => out.push(['ping', data.toString('hex')]),
            ponged: (data) => out.push(['pong', data.toString('hex')]),
            closed: (code, reason) => out.push(['closed', code, reason]),
          });
        } catch (error) {
          if (error instanceof WsProtocolError) out.push(['refused', error.closeCode]);
          throw error;
        }
      },
    };
  },
  check(bytes, { items }) {
    const theirs = new ReceiverOfWs(MAX_MESSAGE_BYTES);
    theirs.push(bytes);
    holds(
      isDeepStrictEqual(items, theirs.entries),
      () => `${shown(bytes)} is ${JSON.stringify(items)}, and for ws ${JSON.stringify(theirs.entries)}`,
    );
  },
});
