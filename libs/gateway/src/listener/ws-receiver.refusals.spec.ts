import { describe, expect, it } from 'vitest';
import { bytewise, ReceiverLog } from '../test/receiver-log.js';
import { fragmented, goodbye, Opcode, wsFrame } from '../test/ws-frames.js';
import { WsProtocolError, WsReceiver } from './ws-receiver.js';

const { Continuation, Text, Binary, Close, Ping, Pong } = Opcode;

function refusal(receiver: WsReceiver, chunks: readonly Buffer[], log = new ReceiverLog()): WsProtocolError {
  try {
    for (const chunk of chunks) receiver.push(Buffer.from(chunk), log);
  } catch (error) {
    expect(error).toBeInstanceOf(WsProtocolError);
    return error as WsProtocolError;
  }
  throw new Error('Nothing was thrown');
}

interface Refusal {
  readonly what: string;
  /** What is fine comes first. */
  readonly before?: Buffer;
  /** The bytes that are enough to know it. */
  readonly bytes: Buffer;
  readonly code: WsProtocolError['code'];
  readonly closeCode: number;
  readonly message: string;
}

/** The first bytes of a frame whose payload, or even mask and length, have not come. */
const headOf = (frame: Buffer, bytes = 2): Buffer => frame.subarray(0, bytes);
const begun = wsFrame(Text, 'begun', { fin: false });

const MAX = 1000;
const reservedBits = {
  code: 'ERR_NESTWIRE_WS_RESERVED_BITS',
  closeCode: 1002,
  message: 'A frame has reserved bits, but no extension was agreed upon.',
} as const;
const opcode = (message: string) => ({ code: 'ERR_NESTWIRE_WS_OPCODE', closeCode: 1002, message }) as const;
const control = (message: string) =>
  ({ code: 'ERR_NESTWIRE_WS_CONTROL_FRAME', closeCode: 1002, message }) as const;
const unmasked = {
  code: 'ERR_NESTWIRE_WS_UNMASKED',
  closeCode: 1002,
  message: 'A frame is not masked, as all frames of clients must be.',
} as const;
const tooBig = {
  code: 'ERR_NESTWIRE_WS_MESSAGE_BYTES',
  closeCode: 1009,
  message: 'A client\'s message has more than 1000 bytes. See "maxMessageBytes".',
} as const;
const badText = {
  code: 'ERR_NESTWIRE_WS_UTF8',
  closeCode: 1007,
  message: "A client's text is not UTF-8.",
} as const;
const badReason = {
  code: 'ERR_NESTWIRE_WS_UTF8',
  closeCode: 1007,
  message: 'The reason of a close frame is not UTF-8.',
} as const;

const refusals: readonly Refusal[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map((reserved) => ({
    what: `reserved bits ${reserved.toString(2).padStart(3, '0')}`,
    bytes: headOf(wsFrame(Text, 'x', { reserved })),
    ...reservedBits,
  })),
  { what: 'a reserved bit in a ping', bytes: headOf(wsFrame(Ping, 'x', { reserved: 4 })), ...reservedBits },
  {
    what: 'a reserved bit in a continuation',
    before: begun,
    bytes: headOf(wsFrame(Continuation, 'x', { reserved: 4 })),
    ...reservedBits,
  },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((code) => ({
    what: `the reserved opcode ${code}`,
    bytes: headOf(wsFrame(code, 'x')),
    ...opcode(`A frame has the opcode ${code}, which means nothing.`),
  })),
  {
    what: 'a reserved opcode inside a fragmented message',
    before: begun,
    bytes: headOf(wsFrame(3, 'x')),
    ...opcode('A frame has the opcode 3, which means nothing.'),
  },
  {
    what: 'a continuation of nothing',
    bytes: headOf(wsFrame(Continuation, 'x')),
    ...opcode('A frame continues a message that was not begun.'),
  },
  {
    what: 'a continuation of a message that has ended',
    before: Buffer.concat(fragmented(Text, ['a', 'b'])),
    bytes: headOf(wsFrame(Continuation, 'x', { fin: false })),
    ...opcode('A frame continues a message that was not begun.'),
  },
  {
    what: 'a text inside a fragmented message',
    before: begun,
    bytes: headOf(wsFrame(Text, 'x')),
    ...opcode('A message begins before the fragmented one has ended.'),
  },
  {
    what: 'a binary inside a fragmented message',
    before: begun,
    bytes: headOf(wsFrame(Binary, 'x', { fin: false })),
    ...opcode('A message begins before the fragmented one has ended.'),
  },
  ...[Text, Binary, Close, Ping, Pong].map((code) => ({
    what: `an unmasked frame with opcode ${code}`,
    bytes: headOf(wsFrame(code, '', { mask: null })),
    ...unmasked,
  })),
  {
    what: 'an unmasked continuation',
    before: begun,
    bytes: headOf(wsFrame(Continuation, 'x', { mask: null })),
    ...unmasked,
  },
  ...[Close, Ping, Pong].flatMap((code) => [
    {
      what: `a fragmented control frame with opcode ${code}`,
      bytes: headOf(wsFrame(code, '', { fin: false })),
      ...control('A control frame is fragmented.'),
    },
    {
      what: `126 bytes in a control frame with opcode ${code}`,
      bytes: headOf(wsFrame(code, Buffer.alloc(126))),
      ...control('A control frame has more than 125 bytes.'),
    },
    {
      what: `a length of 64 bits in a control frame with opcode ${code}`,
      bytes: headOf(wsFrame(code, 'x', { lengthBits: 64 })),
      ...control('A control frame has more than 125 bytes.'),
    },
  ]),
  {
    what: 'a close frame with one byte',
    bytes: headOf(wsFrame(Close, 'x')),
    ...control('A close frame has one byte: half of a code.'),
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) => ({
    what: `the close code ${code}`,
    bytes: wsFrame(Close, goodbye(code, 'why')),
    code: 'ERR_NESTWIRE_WS_CLOSE_CODE' as const,
    closeCode: 1002,
    message: `A close frame has the code ${code}, which must not be sent.`,
  })),
  {
    what: 'a reason that is not UTF-8',
    bytes: wsFrame(Close, goodbye(1000, Buffer.of(0xc3, 0x28))),
    ...badReason,
  },
  { what: 'text that is not UTF-8', bytes: wsFrame(Text, Buffer.of(0xc3, 0x28)), ...badText },
  {
    what: 'text that ends inside a code point',
    bytes: wsFrame(Text, Buffer.from('💡').subarray(0, 3)),
    ...badText,
  },
  {
    what: 'fragments that are not UTF-8 together',
    before: wsFrame(Text, Buffer.of(0xc3), { fin: false }),
    bytes: wsFrame(Continuation, 'x'),
    ...badText,
  },
  {
    what: 'a length of 16 bits above the limit',
    bytes: headOf(wsFrame(Binary, '', { announced: 1001 }), 4),
    ...tooBig,
  },
  {
    what: 'a length of 64 bits above the limit',
    bytes: headOf(wsFrame(Text, '', { announced: 1001, lengthBits: 64 }), 10),
    ...tooBig,
  },
  {
    what: 'a length of 64 bits with the top bit',
    bytes: headOf(wsFrame(Text, '', { announced: 2n ** 63n, lengthBits: 64 }), 10),
    ...tooBig,
  },
  {
    what: 'the largest length',
    bytes: headOf(wsFrame(Text, '', { announced: 2n ** 64n - 1n, lengthBits: 64 }), 10),
    ...tooBig,
  },
  {
    what: 'a first fragment above the limit',
    bytes: headOf(wsFrame(Text, '', { announced: 1001, fin: false }), 4),
    ...tooBig,
  },
  {
    what: 'fragments that are too much together',
    before: Buffer.concat([
      wsFrame(Text, Buffer.alloc(600), { fin: false }),
      wsFrame(Continuation, Buffer.alloc(399), { fin: false }),
    ]),
    bytes: headOf(wsFrame(Continuation, 'xy')),
    ...tooBig,
  },
  {
    what: 'more fragments than are counted',
    before: Buffer.concat([
      begun,
      ...Array.from({ length: 16_383 }, () => wsFrame(Continuation, '', { fin: false })),
    ]),
    bytes: headOf(wsFrame(Continuation, '')),
    code: 'ERR_NESTWIRE_WS_FRAGMENTS',
    closeCode: 1008,
    message: "A client's message has more than 16384 fragments.",
  },
];

describe('WsReceiver refuses', () => {
  it.each(refusals)(
    '$what with $closeCode, with the byte that tells it',
    ({ before = Buffer.alloc(0), bytes, ...expected }) => {
      const { code, closeCode, message } = expected;
      const whole = refusal(new WsReceiver(MAX), [Buffer.concat([before, bytes])]);
      expect(whole).toMatchObject({ code, closeCode, message, name: 'WsProtocolError' });

      const receiver = new WsReceiver(MAX);
      const log = new ReceiverLog().take(receiver, [before, ...bytewise(bytes.subarray(0, -1))]);
      const sofar = [...log.entries];
      expect(sofar.map(([kind]) => kind)).not.toContain('refused');
      const last = refusal(receiver, [bytes.subarray(-1)], log);
      expect(last).toMatchObject({ code, closeCode, message });
      expect(log.entries).toEqual(sofar);
    },
  );

  it.each(refusals)('everything after $what', ({ before = Buffer.alloc(0), bytes }) => {
    const receiver = new WsReceiver(MAX);
    const log = new ReceiverLog();
    refusal(receiver, [Buffer.concat([before, bytes, wsFrame(Text, 'behind')])], log);
    const sofar = [...log.entries];
    log.take(receiver, [wsFrame(Text, 'later'), wsFrame(Close)]);
    expect(log.entries).toEqual(sofar);
    expect(log.texts).not.toContain('behind');
    expect(receiver.carriedBytes).toBe(0);
  });

  it('no message that is as large as allowed, in one frame or several, and no control frame beside it', () => {
    const log = new ReceiverLog();
    const receiver = new WsReceiver(MAX);
    log.take(receiver, [wsFrame(Binary, Buffer.alloc(MAX))]);
    log.take(receiver, fragmented(Binary, [Buffer.alloc(999), 'x', '']));
    log.take(receiver, [wsFrame(Binary, Buffer.alloc(MAX), { lengthBits: 64 })]);
    expect(log.entries.map(([kind, data]) => [kind, (data as string).length / 2])).toEqual([
      ['binary', MAX],
      ['binary', MAX],
      ['binary', MAX],
    ]);
    const tiny = new ReceiverLog().take(new WsReceiver(1), [
      wsFrame(Ping, Buffer.alloc(125)),
      wsFrame(Text, 'x'),
    ]);
    expect(tiny.entries.map(([kind]) => kind)).toEqual(['ping', 'text']);
  });

  it('no message of just as many fragments as are counted', () => {
    const frames = fragmented(
      Text,
      Array.from({ length: 16_384 }, () => ''),
    );
    expect(new ReceiverLog().take(new WsReceiver(1), frames).entries).toEqual([['text', '']]);
  });

  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    'no close frame with %i',
    (code) => {
      const log = new ReceiverLog().take(new WsReceiver(MAX), [wsFrame(Close, goodbye(code, 'ünïcode'))]);
      expect(log.entries).toEqual([['closed', code, 'ünïcode']]);
    },
  );
});

describe('invalid UTF-8 is found', () => {
  // Long enough for words, bytes before and bytes behind; a code point of each size.
  const good = Buffer.from('aé✓💡 and plain text, so long that it is unmasked in words: é✓💡a');
  const broken: Readonly<Record<string, Buffer>> = {
    'a lone continuation byte': Buffer.of(0x80),
    'a byte that never occurs': Buffer.of(0xff),
    'an overlong slash': Buffer.of(0xc0, 0xaf),
    'a surrogate': Buffer.of(0xed, 0xa0, 0x80),
    'a code point above U+10FFFF': Buffer.of(0xf4, 0x90, 0x80, 0x80),
    'a code point cut short': Buffer.of(0xe2, 0x9c),
  };

  it.each(Object.entries(broken))('at every position of a message: %s', (_what, bad) => {
    for (let at = 0; at <= good.length; at++) {
      const payload = Buffer.concat([good.subarray(0, at), bad, good.subarray(at)]);
      expectRefused([wsFrame(Text, payload)]);
      expectRefused(bytewise(wsFrame(Text, payload)));
      for (const cut of [1, at, at + 1]) {
        expectRefused(fragmented(Text, [payload.subarray(0, cut), payload.subarray(cut)]));
      }
      // As binary it may be what it likes.
      const binary = new ReceiverLog().take(new WsReceiver(MAX), [wsFrame(Binary, payload)]);
      expect(binary.entries).toEqual([['binary', payload.toString('hex')]]);
    }
  });

  // Nothing else in it is not ASCII, so that this one byte must be seen wherever it lies in a word.
  it.each([10, 31, 32, 45, 70])(
    'at every position of a message of %i bytes that is ASCII otherwise',
    (length) => {
      for (let at = 0; at < length; at++) {
        const payload = Buffer.alloc(length, 'plain text ');
        payload[at] = 0x80;
        expectRefused([wsFrame(Text, payload)]);
        expectRefused([
          Buffer.concat(fragmented(Text, [payload.subarray(0, at + 1), payload.subarray(at + 1)])),
        ]);
      }
    },
  );

  it('at every position of a close reason', () => {
    const reason = Buffer.from('so long, and é✓💡');
    for (let at = 0; at <= reason.length; at++) {
      expectRefused([
        wsFrame(
          Close,
          goodbye(1000, Buffer.concat([reason.subarray(0, at), Buffer.of(0xff), reason.subarray(at)])),
        ),
      ]);
    }
  });

  function expectRefused(frames: readonly Buffer[]): void {
    expect(new ReceiverLog().take(new WsReceiver(MAX), frames).entries).toEqual([['refused', 1007]]);
  }
});
