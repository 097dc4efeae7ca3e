import { describe, expect, it } from 'vitest';
import {
  expectConversation,
  nextSegment,
  RECEIVERS,
  serverFrame,
  Stage,
  type Conversation,
} from '../test/ws-conversation.js';
import { fragmented, goodbye, Opcode, wsFrame } from '../test/ws-frames.js';

const { Continuation, Text, Binary, Close, Ping, Pong } = Opcode;
const MAX = 1000;
const begun = wsFrame(Text, 'begun', { fin: false });

/** With something fine before it, and behind it what nobody must hear or answer. */
function refused(what: string, code: number, ...frames: readonly Buffer[]): Conversation {
  const behind = [wsFrame(Text, 'never heard'), wsFrame(Ping, 'never answered')];
  return {
    what,
    sent: [Buffer.concat([wsFrame(Text, 'fine'), wsFrame(Ping, 'p'), ...frames, ...behind])],
    heard: [[Text, 'fine']],
    answered: [serverFrame(Pong, 'p'), serverFrame(Close, goodbye(code))],
    closing: { code },
    isRefused: true,
    options: { maxMessageBytes: MAX },
  };
}

const heads: readonly Conversation[] = [
  ...[1, 2, 3, 4, 5, 6, 7].map((reserved) =>
    refused(`reserved bits ${reserved.toString(2).padStart(3, '0')}`, 1002, wsFrame(Text, 'x', { reserved })),
  ),
  refused('a reserved bit in a ping', 1002, wsFrame(Ping, 'x', { reserved: 1 })),
  refused('a reserved bit in a continuation', 1002, begun, wsFrame(Continuation, 'x', { reserved: 4 })),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) =>
    refused(`the reserved opcode ${opcode}`, 1002, wsFrame(opcode, 'x')),
  ),
  ...[Text, Binary, Ping, Pong, Close].map((opcode) =>
    refused(`an unmasked frame with opcode ${opcode}`, 1002, wsFrame(opcode, '', { mask: null })),
  ),
  ...[Ping, Pong, Close].flatMap((opcode) => [
    refused(
      `126 bytes in a control frame with opcode ${opcode}`,
      1002,
      wsFrame(opcode, Buffer.alloc(126, 3)),
    ),
    refused(`a fragmented control frame with opcode ${opcode}`, 1002, wsFrame(opcode, '', { fin: false })),
  ]),
  refused('a continuation of nothing', 1002, wsFrame(Continuation, 'x')),
  {
    ...refused(
      'a continuation after the end',
      1002,
      ...fragmented(Text, ['a', 'b']),
      wsFrame(Continuation, 'x', { fin: false }),
    ),
    heard: [
      [Text, 'fine'],
      [Text, 'ab'],
    ],
  },
  refused('a new text inside a fragmented one', 1002, begun, wsFrame(Text, 'x')),
  refused('a new binary inside a fragmented text', 1002, begun, wsFrame(Binary, 'x', { fin: false })),
];

const sizes: readonly Conversation[] = [
  refused('one byte too many, announced in 16 bits', 1009, wsFrame(Binary, Buffer.alloc(MAX + 1))),
  refused(
    'one byte too many, announced in 64 bits',
    1009,
    wsFrame(Text, '', { announced: MAX + 1, lengthBits: 64 }),
  ),
  refused('a length with the top bit', 1009, wsFrame(Text, '', { announced: 2n ** 63n, lengthBits: 64 })),
  refused('the largest length', 1009, wsFrame(Text, '', { announced: 2n ** 64n - 1n, lengthBits: 64 })),
  refused('a first fragment that is too large', 1009, wsFrame(Text, Buffer.alloc(MAX + 1), { fin: false })),
  refused(
    'fragments that are too large together',
    1009,
    ...fragmented(Binary, [Buffer.alloc(900), Buffer.alloc(100), 'x']),
  ),
  {
    ...refused('one byte too many, announced in 7 bits', 1009, wsFrame(Text, Buffer.alloc(101))),
    options: { maxMessageBytes: 100 },
  },
];

const good = Buffer.from('té✓💡t');
const texts: readonly Conversation[] = [
  refused('a code point cut short', 1007, wsFrame(Text, Buffer.from('💡').subarray(0, 3))),
  refused('an overlong slash', 1007, wsFrame(Text, Buffer.of(0xc0, 0xaf))),
  refused('a surrogate', 1007, wsFrame(Text, Buffer.of(0xed, 0xa0, 0x80))),
  refused('a code point above U+10FFFF', 1007, wsFrame(Text, Buffer.of(0xf4, 0x90, 0x80, 0x80))),
  ...[...good.keys()].map((at) => {
    const payload = Buffer.from(good);
    payload[at] = 0xff;
    return refused(`a byte that never occurs, at ${at}`, 1007, wsFrame(Text, payload));
  }),
  refused(
    'fragments whose code point does not go on',
    1007,
    ...fragmented(Text, [Buffer.of(0xe2, 0x9c), 'x']),
  ),
  refused(
    'a last fragment that ends inside a code point',
    1007,
    ...fragmented(Text, ['fine', Buffer.of(0xe2, 0x9c)]),
  ),
  refused('a reason that is not UTF-8', 1007, wsFrame(Close, goodbye(1000, Buffer.of(0x61, 0xff)))),
];

const closeCodes: readonly Conversation[] = [
  refused('a close frame with half a code', 1002, wsFrame(Close, Buffer.of(3))),
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535].map((code) =>
    refused(`the close code ${code}`, 1002, wsFrame(Close, goodbye(code, 'why'))),
  ),
];

describe.each(RECEIVERS)('RFC 6455 on a real socket, read by %s, is refused:', (receiver) => {
  const play = (conversation: Conversation): Promise<void> => expectConversation(receiver, conversation);

  describe('a frame that must not be:', () => it.each(heads)('$what', play));
  describe('more than maxMessageBytes:', () => it.each(sizes)('$what', play));
  describe('text that is not UTF-8:', () => it.each(texts)('$what', play));
  describe('a close code that must not be sent:', () => it.each(closeCodes)('$what', play));

  it('a violation glued to the upgrade request', async () => {
    await play({
      what: 'glued',
      sent: [Buffer.concat([wsFrame(Text, 'fine'), wsFrame(Text, 'bare', { mask: null })])],
      isGlued: true,
      heard: [[Text, 'fine']],
      answered: [serverFrame(Close, goodbye(1002))],
      closing: { code: 1002 },
      isRefused: true,
    });
  });

  it.each([
    ['two bytes of an unmasked frame', wsFrame(Text, 'x', { mask: null }).subarray(0, 2), 1002],
    ['the length of a ping that is too long', wsFrame(Ping, Buffer.alloc(126)).subarray(0, 2), 1002],
    ['an announced gigabyte', wsFrame(Binary, '', { announced: 2 ** 30 }).subarray(0, 10), 1009],
  ] as const)('as soon as it can be known: %s', async (what, bytes, code) => {
    await play({
      what,
      sent: [bytes],
      answered: [serverFrame(Close, goodbye(code))],
      closing: { code },
      isRefused: true,
    });
  });
});

const unfinished: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.of(0x81)],
  ['a head', wsFrame(Text, 'unfinished').subarray(0, 6)],
  ['half a frame', wsFrame(Text, 'unfinished').subarray(0, 10)],
  ['half a large frame', wsFrame(Binary, Buffer.alloc(400_000)).subarray(0, 200_000)],
  ['half a message', begun],
  ['half a fragment', Buffer.concat([begun, wsFrame(Continuation, 'unfinished').subarray(0, 9)])],
];

describe.each(RECEIVERS)('a client that goes without a goodbye, read by %s,', (receiver) => {
  it.each(unfinished)(
    'after %s: a FIN is answered with a FIN, and its worker told 1006',
    async (_what, bytes) => {
      const stage = await Stage.set(receiver);
      stage.client.write(wsFrame(Text, 'whole'));
      stage.client.socket.end(bytes);
      await stage.client.closed();
      expect(stage.client.received).toEqual(Buffer.alloc(0));
      expect(await stage.told()).toMatchObject({ code: 1006, reason: '', ws: 1 });
      expect(stage.heard).toEqual([[Text, Buffer.from('whole').toString('hex')]]);
      await stage.expectBystanderUnaffected();
      expect(stage.node.stats.badClientBytes).toBe(0);
    },
  );

  it.each(unfinished)('after %s: a RST tells its worker 1006', async (_what, bytes) => {
    const stage = await Stage.set(receiver);
    stage.client.write(Buffer.concat([wsFrame(Text, 'whole'), bytes]));
    // Heard first, because a RST may overtake what was not read yet.
    await stage.worker.event('message');
    await nextSegment();
    stage.client.socket.resetAndDestroy();
    expect(await stage.told()).toMatchObject({ code: 1006, reason: '', ws: 1 });
    expect(stage.heard).toEqual([[Text, Buffer.from('whole').toString('hex')]]);
    await stage.expectBystanderUnaffected();
    expect(stage.node.stats.badClientBytes).toBe(0);
  });
});
