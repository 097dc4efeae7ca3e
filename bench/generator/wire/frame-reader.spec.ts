import { describe, expect, it } from 'vitest';
import { FrameError, FrameReader } from './frame-reader.js';

const TEXT = 0x81;
const CLOSE = 0x88;
const PING = 0x89;

/** As a server sends it: not masked. */
function frame(first: number, payload: string | Buffer): Buffer {
  const body = Buffer.from(payload);
  if (body.length < 126) return Buffer.concat([Buffer.of(first, body.length), body]);
  const head = Buffer.alloc(body.length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = body.length < 65_536 ? 126 : 127;
  if (head.length === 4) head.writeUInt16BE(body.length, 2);
  else head.writeBigUInt64BE(BigInt(body.length), 2);
  return Buffer.concat([head, body]);
}

function reader(): { reader: FrameReader; seen: string[] } {
  const seen: string[] = [];
  return {
    seen,
    reader: new FrameReader({
      message: (bytes, start, end) => void seen.push(`message ${bytes.toString('utf8', start, end)}`),
      control: (opcode, bytes, start, end) =>
        void seen.push(`${opcode} ${bytes.toString('utf8', start, end)}`),
    }),
  };
}

const MIXED = Buffer.concat([
  frame(TEXT, 'short'),
  frame(0x82, 'm'.repeat(300)),
  frame(PING, 'p'),
  frame(0x01, 'one '),
  frame(PING, ''),
  frame(0x00, 'two '),
  frame(0x80, 'three'),
  frame(TEXT, ''),
  frame(CLOSE, 'x'),
]);
const MIXED_SEEN = [
  'message short',
  `message ${'m'.repeat(300)}`,
  '9 p',
  '9 ',
  'message one two three',
  'message ',
  '8 x',
];

describe('a frame reader', () => {
  it('cuts what comes at once into its messages', () => {
    const { reader: frames, seen } = reader();
    frames.push(Buffer.concat([Buffer.from('before'), MIXED]), 6, MIXED.length + 6);
    expect(seen).toEqual(MIXED_SEEN);
  });

  it('cuts the same in two pieces, split at every byte', () => {
    for (let split = 1; split < MIXED.length; split++) {
      const { reader: frames, seen } = reader();
      frames.push(MIXED.subarray(0, split), 0, split);
      frames.push(MIXED.subarray(split), 0, MIXED.length - split);
      expect(seen, `split at ${split}`).toEqual(MIXED_SEEN);
    }
  });

  it('cuts the same when every byte comes alone, in memory that is used again', () => {
    const { reader: frames, seen } = reader();
    const shared = Buffer.alloc(1);
    for (const byte of MIXED) {
      shared[0] = byte;
      frames.push(shared, 0, 1);
    }
    expect(seen).toEqual(MIXED_SEEN);
  });

  it('takes messages longer than what is read at once', () => {
    const { reader: frames, seen } = reader();
    const bytes = frame(TEXT, 'x'.repeat(200_000));
    for (let at = 0; at < bytes.length; at += 65_536) {
      const chunk = Buffer.from(bytes.subarray(at, at + 65_536));
      frames.push(chunk, 0, chunk.length);
      chunk.fill(0);
    }
    expect(seen).toEqual([`message ${'x'.repeat(200_000)}`]);
  });

  it('hands over nothing after it was stopped, within one read neither', () => {
    const seen: string[] = [];
    const frames: FrameReader = new FrameReader({
      message: (bytes, start, end) => {
        seen.push(bytes.toString('utf8', start, end));
        frames.stop();
      },
      control: () => undefined,
    });
    const bytes = Buffer.concat([frame(TEXT, 'a'), frame(TEXT, 'b')]);
    frames.push(bytes, 0, bytes.length);
    frames.push(bytes, 0, bytes.length);
    expect(seen).toEqual(['a']);
  });

  it.each([
    ['a masked frame', Buffer.of(TEXT, 0x81, 1, 2, 3, 4, 5), 'A server must not mask its frames'],
    ['a reserved bit', frame(0xc1, 'x'), 'A reserved bit is set: no extension was agreed on'],
    [
      'a long ping',
      frame(PING, 'x'.repeat(126)),
      'A control frame with opcode 9 and 126 bytes is not allowed',
    ],
    ['a ping in pieces', frame(0x09, 'x'), 'A control frame with opcode 9 and 1 bytes is not allowed'],
    [
      'an unknown control frame',
      frame(0x8b, 'x'),
      'A control frame with opcode 11 and 1 bytes is not allowed',
    ],
    ['an unknown opcode', frame(0x83, 'x'), 'A frame with opcode 3 cannot stand here'],
    ['a continuation of nothing', frame(0x80, 'x'), 'A frame with opcode 0 cannot stand here'],
    [
      'a message within another',
      Buffer.concat([frame(0x01, 'x'), frame(TEXT, 'y')]),
      'A frame with opcode 1 cannot stand here',
    ],
    ['an absurd length', Buffer.of(TEXT, 127, 0, 1, 0, 0, 0, 0, 0, 0), `A frame announces ${2 ** 48} bytes`],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => reader().reader.push(bytes, 0, bytes.length)).toThrow(new FrameError(message));
  });
});
