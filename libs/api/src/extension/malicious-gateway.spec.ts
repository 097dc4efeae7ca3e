import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ByteWriter,
  ExtensionCode,
  encodeFrame,
  writeEvent,
  writeFailedReply,
  writeMarks,
  writeReplyHead,
  type GatewayEntry,
} from '#protocol';
import type { ExtensionGateway } from '../test/extension-gateway.js';
import {
  KeptSink,
  TERMS,
  binaryEvent,
  clientAt,
  extensionGateway,
  textEvent,
  unstartedExtension,
} from '../test/extension-kit.js';
import type { Kit } from '../test/pool-kit.js';
import { TappedLine } from '../test/tapped-line.js';

const RUNS = 60;
const WRITES = 3;
const PONG = 'code 209';

function payload(write: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter();
  write(writer);
  return Buffer.from(writer.view());
}

/** What a sound gateway says, which is where an attack goes furthest. */
const SOUND = [
  payload((writer) => writeEvent(writer, textEvent(1, '{"event":"say"}', Buffer.from('{"a":1}')))),
  payload((writer) => writeEvent(writer, binaryEvent(2, 'bytes'))),
  payload((writer) => {
    writeMarks(writer, { redelivered: true });
    writeEvent(writer, textEvent(3, 'again'));
  }),
  payload((writer) => {
    writeReplyHead(writer, 1);
    writer.u8(1);
  }),
  payload((writer) => writeFailedReply(writer, 2, { code: 'failed', text: 'no' })),
  payload((writer) => {
    writer.u8(ExtensionCode.SessionsApplied);
    writer.u32(2);
  }),
  payload((writer) => writer.u8(ExtensionCode.Left)),
  payload((writer) => writer.u8(ExtensionCode.Ping)),
];

const u32 = fc.oneof(fc.nat(8), fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff));

const hostilePayload = fc.oneof(
  fc.constantFrom(...SOUND),
  fc
    .tuple(fc.constantFrom(...SOUND), fc.nat(200), fc.nat(0xff))
    .map(([sound, at, byte]) => changed(sound, at, byte)),
  fc.tuple(fc.constantFrom(...SOUND), fc.nat(40)).map(([sound, at]) => sound.subarray(0, at)),
  fc.tuple(fc.constantFrom(...SOUND), fc.uint8Array({ maxLength: 40 })).map((parts) => Buffer.concat(parts)),
  // Replies to questions that were asked, sequences and counts out of nowhere, and what only workers say.
  fc
    .tuple(fc.integer({ min: 200, max: 244 }), u32, fc.uint8Array({ maxLength: 40 }))
    .map(([code, number, rest]) =>
      payload((writer) => {
        writer.u8(code);
        writer.u32(number);
        writer.bytes(rest);
      }),
    ),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

const hostileBytes = fc.oneof(
  { weight: 4, arbitrary: hostilePayload.map((bytes) => encodeFrame((writer) => writer.bytes(bytes))) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 60 }) },
);

function changed(sound: Buffer, at: number, byte: number): Buffer {
  const bytes = Buffer.from(sound);
  bytes[at % bytes.length] = byte;
  return bytes;
}

/** Resolves when the gateway has heard that the pool has got through all it was sent, or that its link is over. */
async function digested(node: ExtensionGateway, line: TappedLine): Promise<void> {
  const { link } = node;
  const pongs = node.of(PONG).length;
  line.inject(encodeFrame((writer) => writer.u8(ExtensionCode.Ping)));
  await node.until(() => node.of(PONG).length > pongs || !node.links.includes(link));
}

async function served({ api }: Kit, sink: KeptSink, sound: ExtensionGateway, text: string): Promise<void> {
  const acknowledged = sound.acknowledged.length;
  sound.send(sound.link, textEvent(1, text));
  await sound.until(() => sound.acknowledged.length > acknowledged);
  expect(sink.texts.at(-1)).toBe(text);
  expect(await api.isOnline(clientAt(sound, 1))).toBe(true);
}

describe('a gateway that has proven itself and sends what it likes', () => {
  it('loses its link, which is counted, and nobody else notices', { timeout: 60_000 }, async () => {
    const evil = await extensionGateway();
    const sound = await extensionGateway({ script: { isOnline: () => true } });
    const line = await TappedLine.to(evil.address);
    const kit = unstartedExtension([], { questionTimeoutMs: 300, link: { frameTimeoutMs: 30 } });
    const entry: GatewayEntry = { ...evil.entry, address: line.address };
    kit.membership.list(entry, sound.entry);
    const sink = new KeptSink();
    sink.onEvent = ({ source, sequence }) => source.acknowledge(sequence);
    kit.pool.subscribe(sink, TERMS);
    await kit.pool.start();
    await sound.untilTaken();

    let runs = 0;
    const attack = fc.asyncProperty(fc.array(hostileBytes, { minLength: 1, maxLength: 6 }), async (list) => {
      const open = kit.pool.node(evil.id);
      await expect.poll(() => open?.isLinked).toBe(true);
      const questions = [1, 2].map((id) => kit.api.isOnline(clientAt(evil, id)).catch(() => 'failed'));
      for (let id = 0; id < WRITES; id++) kit.api.setSession(clientAt(evil, id), { a: id });
      kit.api.sendToAll('hello');
      for (const bytes of list) line.inject(bytes);
      await digested(evil, line);
      await served(kit, sink, sound, `event ${runs++}`);
      await Promise.all(questions);
    });
    await fc.assert(attack, { numRuns: RUNS });

    await expect.poll(() => kit.pool.node(evil.id)?.isLinked).toBe(true);
    expect(sound.peers).toHaveLength(1);
    expect(evil.peers.length).toBeGreaterThan(RUNS / 4);
    expect(kit.pool.counters.lostLinks).toBe(evil.peers.length - 1);
    expect(sink.lost).toEqual([]);
  });
});
