import { TCP_FRAMINGS } from '../../../libs/gateway/src/listener/tcp-framing.js';
import type { TcpFrame } from '../../../libs/gateway/src/listener/listener-url.js';
import { holds, shown, type FuzzTarget } from '../contract.js';
import { words } from '../seeds.js';
import { streamTarget } from '../stream-target.js';

const MAX_MESSAGE_BYTES = 300;

/** How raw TCP clients part their messages. `raw` is not here: it has no format, each chunk is a message. */
function framing(frame: TcpFrame, seeds: readonly Buffer[], headBytes: number): FuzzTarget {
  const format = TCP_FRAMINGS[frame];
  return streamTarget({
    name: `tcp-${frame}`,
    parsers: ['TCP_FRAMINGS'],
    seeds,
    dictionary: words('\n', '\0\0\0\0', '\0\0\x01\x2c', '\0\0\x01\x2d', 'x'.repeat(150)),
    refusals: new Set(['ERR_NESTWIRE_FRAME_LENGTH']),
    mostHeldBytes: headBytes + MAX_MESSAGE_BYTES,
    open() {
      const decoder = format.decoder(MAX_MESSAGE_BYTES);
      return {
        push: (chunk, out) =>
          decoder.push(chunk, { message: (data) => void out.push(Buffer.from(data).toString('hex')) }),
      };
    },
    check(bytes, { items }) {
      const written = Buffer.concat(
        items.map((hex) => {
          const payload = Buffer.from(String(hex), 'hex');
          holds(payload.length <= MAX_MESSAGE_BYTES, () => `${shown(payload)} is too long`);
          const target = Buffer.alloc(format.frameBytes(payload));
          format.writeFrame(payload, target, 0);
          return target;
        }),
      );
      const taken = bytes.subarray(0, written.length);
      holds(written.equals(taken), () => `${shown(taken)} is written as ${shown(written)}`);
    },
  });
}

export const tcpNewline = framing(
  'newline',
  words('one\ntwo\r\n\nlast', `${'x'.repeat(300)}\nbehind`, `${'x'.repeat(301)}\n`),
  1,
);
export const tcpLength = framing(
  'length',
  words('\0\0\0\x03one\0\0\0\0\0\0\0\x05three', `\0\0\x01\x2c${'x'.repeat(300)}\0\0`, '\0\0\x01\x2dtoo long'),
  4,
);
