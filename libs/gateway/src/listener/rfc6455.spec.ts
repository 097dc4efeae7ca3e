import { describe, it } from 'vitest';
import { bytewise } from '../test/receiver-log.js';
import { expectConversation, RECEIVERS, serverFrame, type Conversation } from '../test/ws-conversation.js';
import { fragmented, goodbye, Opcode, wsFrame } from '../test/ws-frames.js';

const { Continuation, Text, Binary, Close, Ping, Pong } = Opcode;
const MIB = 1024 * 1024;
const together = (frames: readonly Buffer[]): Buffer[] => [Buffer.concat(frames)];

const [begin, middle, end] = fragmented(Text, ['be', 'twe', 'en']) as [Buffer, Buffer, Buffer];
const utf8 = Buffer.from('aé✓💡z');
const mib = Buffer.alloc(MIB, 'one mebibyte ');
const many = Array.from({ length: 1000 }, (_, i) => `message ${i}`);
const allKinds = [
  ...fragmented(Text, ['fra', '', 'gments']),
  wsFrame(Ping, 'ping'),
  wsFrame(Binary, Buffer.alloc(300, 0xff)),
  wsFrame(Pong, 'pong'),
  wsFrame(Text, 'last'),
];
const allKindsHeard: Conversation['heard'] = [
  [Text, 'fragments'],
  [Binary, Buffer.alloc(300, 0xff)],
  [Text, 'last'],
];
const pong = serverFrame(Pong, 'ping');

const messages: readonly Conversation[] = [
  { what: 'an empty text', sent: [wsFrame(Text)], heard: [[Text, '']] },
  { what: 'an empty binary', sent: [wsFrame(Binary)], heard: [[Binary, '']] },
  ...[125, 126, 127, 128, 65_535, 65_536, MIB].map((size) => ({
    what: `a message of ${size} bytes`,
    sent: [wsFrame(Binary, mib.subarray(0, size))],
    heard: [[Binary, mib.subarray(0, size)] as const],
  })),
  ...([16, 64] as const).map((lengthBits) => ({
    what: `a short length written in ${lengthBits} bits`,
    sent: [wsFrame(Text, 'short', { lengthBits })],
    heard: [[Text, 'short'] as const],
  })),
  {
    what: 'a mask of zeros',
    sent: [wsFrame(Text, 'plain', { mask: Buffer.alloc(4) })],
    heard: [[Text, 'plain']],
  },
  {
    what: 'all kinds of frames, byte by byte',
    sent: bytewise(Buffer.concat(allKinds)),
    heard: allKindsHeard,
    answered: [pong],
  },
  {
    what: 'all kinds of frames in one segment',
    sent: together(allKinds),
    heard: allKindsHeard,
    answered: [pong],
  },
  {
    what: '1,000 messages in one segment',
    sent: together(many.map((text) => wsFrame(Text, text))),
    heard: many.map((text) => [Text, text] as const),
  },
  {
    what: 'frames glued to the upgrade request',
    sent: [...together(allKinds), wsFrame(Text, 'behind')],
    isGlued: true,
    heard: [...allKindsHeard, [Text, 'behind']],
    answered: [pong],
  },
  {
    what: 'half a frame glued to the upgrade request',
    sent: [wsFrame(Text, 'in halves').subarray(0, 9), wsFrame(Text, 'in halves').subarray(9)],
    isGlued: true,
    heard: [[Text, 'in halves']],
  },
];

const fragments: readonly Conversation[] = [
  ...[2, 3, 5, 12].map((parts) => {
    const pieces = Array.from({ length: parts }, (_, i) => `part ${i} `);
    return {
      what: `text in ${parts} fragments`,
      sent: fragmented(Text, pieces),
      heard: [[Text, pieces.join('')] as const],
    };
  }),
  {
    what: 'binary in fragments, in one segment',
    sent: together(fragmented(Binary, ['\0', 'ÿ', '\0'])),
    heard: [[Binary, '\0ÿ\0']],
  },
  {
    what: 'empty fragments before, between and behind',
    sent: fragmented(Text, ['', 'a', '', 'b', '']),
    heard: [[Text, 'ab']],
  },
  { what: 'nothing but empty fragments', sent: fragmented(Text, ['', '', '']), heard: [[Text, '']] },
  {
    what: '1 MiB in fragments of 64 KiB',
    sent: fragmented(
      Binary,
      Array.from({ length: 16 }, (_, i) => mib.subarray(i * 65_536, (i + 1) * 65_536)),
    ),
    heard: [[Binary, mib]],
  },
  ...Array.from({ length: utf8.length + 1 }, (_, cut) => ({
    what: `text cut after byte ${cut}, perhaps inside a code point`,
    sent: fragmented(Text, [utf8.subarray(0, cut), utf8.subarray(cut)]),
    heard: [[Text, utf8] as const],
  })),
];

const controlFrames: readonly Conversation[] = [
  { what: 'an empty ping', sent: [wsFrame(Ping)], answered: [serverFrame(Pong)] },
  {
    what: 'a ping with 125 bytes',
    sent: [wsFrame(Ping, mib.subarray(0, 125))],
    answered: [serverFrame(Pong, mib.subarray(0, 125))],
  },
  {
    what: 'a ping byte by byte',
    sent: bytewise(wsFrame(Ping, 'slow')),
    answered: [serverFrame(Pong, 'slow')],
  },
  {
    what: 'ten pings in one segment, answered in order',
    sent: together(Array.from({ length: 10 }, (_, i) => wsFrame(Ping, `${i}`))),
    answered: Array.from({ length: 10 }, (_, i) => serverFrame(Pong, `${i}`)),
  },
  {
    what: 'a ping inside a fragmented message, before it is complete',
    sent: [begin, wsFrame(Ping, 'now')],
    answered: [serverFrame(Pong, 'now')],
  },
  {
    what: 'pings and pongs between all fragments',
    sent: [begin, wsFrame(Ping, '1'), wsFrame(Pong, 'x'), middle, wsFrame(Ping, '2'), end],
    heard: [[Text, 'between']],
    answered: [serverFrame(Pong, '1'), serverFrame(Pong, '2')],
  },
  {
    what: 'a pong that nobody asked for',
    sent: [wsFrame(Pong), wsFrame(Pong, 'unasked'), wsFrame(Text, 'on')],
    heard: [[Text, 'on']],
  },
];

const goodbyes: readonly Conversation[] = [
  {
    what: 'a close frame without a code',
    sent: [wsFrame(Close)],
    answered: [serverFrame(Close)],
    closing: { code: 1005, reason: '' },
  },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map(
    (code) => ({
      what: `a close frame with ${code}`,
      sent: [wsFrame(Close, goodbye(code))],
      answered: [serverFrame(Close, goodbye(code))],
      closing: { code, reason: '' },
    }),
  ),
  ...['gone fishing', 'à bientôt 💡', 'r'.repeat(123)].map((reason) => ({
    what: `the reason "${reason}"`,
    sent: [wsFrame(Close, goodbye(4321, reason))],
    answered: [serverFrame(Close, goodbye(4321, reason))],
    closing: { code: 4321, reason },
  })),
  {
    what: 'a close frame byte by byte',
    sent: bytewise(wsFrame(Close, goodbye(1000, 'slowly'))),
    answered: [serverFrame(Close, goodbye(1000, 'slowly'))],
    closing: { code: 1000, reason: 'slowly' },
  },
  {
    what: 'a second close frame, which is ignored',
    sent: together([wsFrame(Close, goodbye(1000, 'first')), wsFrame(Close, goodbye(1001, 'second'))]),
    answered: [serverFrame(Close, goodbye(1000, 'first'))],
    closing: { code: 1000, reason: 'first' },
  },
  {
    what: 'data and pings after a close frame, which are ignored',
    sent: together([
      wsFrame(Text, 'before'),
      wsFrame(Close, goodbye(1000)),
      wsFrame(Text, 'after'),
      wsFrame(Ping, 'after'),
    ]),
    heard: [[Text, 'before']],
    answered: [serverFrame(Close, goodbye(1000))],
    closing: { code: 1000 },
  },
  {
    what: 'nonsense after a close frame, which is ignored',
    sent: together([wsFrame(Close, goodbye(1000)), Buffer.alloc(50, 0xff)]),
    answered: [serverFrame(Close, goodbye(1000))],
    closing: { code: 1000 },
  },
  {
    what: 'a close frame inside a fragmented message, which is given up',
    sent: [begin, wsFrame(Close, goodbye(1001))],
    answered: [serverFrame(Close, goodbye(1001))],
    closing: { code: 1001 },
  },
  {
    what: 'a ping before it, answered first',
    sent: together([wsFrame(Ping, 'p'), wsFrame(Close, goodbye(1000))]),
    answered: [serverFrame(Pong, 'p'), serverFrame(Close, goodbye(1000))],
    closing: { code: 1000 },
  },
  {
    what: 'a goodbye glued to the upgrade request',
    sent: together([wsFrame(Text, 'hello'), wsFrame(Close, goodbye(1000, 'and goodbye'))]),
    isGlued: true,
    heard: [[Text, 'hello']],
    answered: [serverFrame(Close, goodbye(1000, 'and goodbye'))],
    closing: { code: 1000, reason: 'and goodbye' },
  },
];

describe.each(RECEIVERS)('RFC 6455 on a real socket, read by %s:', (receiver) => {
  const play = (conversation: Conversation): Promise<void> => expectConversation(receiver, conversation);

  describe('a message is heard as it was sent:', () => it.each(messages)('$what', play));
  describe('fragments are one message:', () => it.each(fragments)('$what', play));
  describe('control frames are answered at once:', () => it.each(controlFrames)('$what', play));
  describe('a goodbye is answered, told to the worker, and ends the connection:', () =>
    it.each(goodbyes)('$what', play));

  it('a continuation goes on in the middle of a code point with a ping between its bytes', async () => {
    const bytes = Buffer.from('💡');
    const sent = [...bytes].flatMap((byte, i) => [
      wsFrame(i === 0 ? Text : Continuation, Buffer.of(byte), { fin: i === bytes.length - 1 }),
      wsFrame(Ping, `${i}`),
    ]);
    const answered = [...bytes.keys()].map((i) => serverFrame(Pong, `${i}`));
    await play({ what: 'each byte a fragment', sent, heard: [[Text, '💡']], answered });
  });
});
