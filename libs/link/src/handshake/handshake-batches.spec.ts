import { describe, expect, it } from 'vitest';
import { PeerRefusedError, type Link } from '#link';
import { Feature, FrameDecoder, GatheredFrame, ProtocolError } from '#protocol';
import {
  ByHand,
  dialWithHandshake,
  GATEWAY,
  type HandshakeRecorder,
  listenForHandshakes,
  OTHER_FEATURE,
  WORKER,
} from '../../../../test/links/handshake-kit.js';
import { frameOf, listenRaw, RawPeer, until } from '../../../../test/links/link-kit.js';

const KiB = 1024;
const NONCE = Buffer.alloc(16, 0xd1);
/** `one` and `two` in a batch, byte for byte; the checksum is Python's. */
const ONE_TWO = Buffer.from('000000174f2a4c98d3000000036f6e650000000374776f', 'hex');

/** What links are that are open now: our end, what it hears, and the peer, without our code, at the other end. */
interface Opened {
  readonly link: Link;
  readonly recorder: HandshakeRecorder;
  readonly peer: RawPeer;
  /** What the peer has got since the handshake. */
  readonly heard: () => Buffer;
}

/** The peer has dialled. */
async function dialled(ours: number, theirs: number): Promise<Opened> {
  const { address, recorder } = await listenForHandshakes({ features: ours });
  recorder.onWelcomed = (link) => link.send((writer) => writer.payload('welcome'));
  const peer = await RawPeer.dial(address);
  const hand = new ByHand();
  peer.send(hand.opening('hello', NONCE));
  await until(() => peer.frames.length === 1, 'the challenge has come');
  hand.heard(peer.frames[0]!);
  peer.send(hand.introduction('auth', { ...WORKER, features: theirs }));
  const ready = hand.introduction('ready', { ...GATEWAY, features: ours });
  const before = peer.received.length + 8 + ready.length;
  await until(() => peer.received.length > before, 'Ready has come, and what follows it');
  expect(peer.received.subarray(before - 8 - ready.length, before)).toEqual(frameOf(ready));
  return { link: recorder.links[0]!, recorder, peer, heard: () => peer.received.subarray(before) };
}

/** The peer listens. */
async function listening(ours: number, theirs: number, isByDefault = false): Promise<Opened> {
  const { address, peers } = await listenRaw();
  const { link, recorder } = dialWithHandshake(address, isByDefault ? {} : { features: ours });
  recorder.onWelcomed = () => link.send((writer) => writer.payload('welcome'));
  await until(() => peers[0]?.frames.length === 1, 'Hello has come');
  const peer = peers[0]!;
  const hand = new ByHand();
  hand.heard(peer.frames[0]!);
  peer.send(hand.opening('challenge', NONCE));
  await until(() => peer.frames.length === 2, 'Auth has come');
  expect(peer.frames[1]).toEqual(hand.introduction('auth', { ...WORKER, features: ours }));
  const before = peer.received.length;
  const theirFrames =
    (theirs & Feature.Batches) !== 0 && (ours & Feature.Batches) !== 0 ? ONE_TWO : frameOf('one');
  // In one piece: what follows Ready is read as the features say.
  peer.write(frameOf(hand.introduction('ready', { ...GATEWAY, features: theirs })), theirFrames);
  await until(() => peer.received.length > before, 'it is welcome');
  return { link, recorder, peer, heard: () => peer.received.subarray(before) };
}

const SIDES = [
  ['a listener', dialled],
  ['a dialer', listening],
] as const;

describe.each(SIDES)('%s', (_side, open) => {
  it('sends batches to a peer that takes them, from the first frame on', async () => {
    const { link, heard } = await open(Feature.Batches, Feature.Batches | OTHER_FEATURE);
    // 'welcome' alone: a length, and the code before it.
    expect(heard()).toHaveLength(8 + 1 + 4 + 7);
    expect(heard()[8]).toBe(211);
    const { length } = heard();
    for (const text of ['one', 'two']) link.send((writer) => writer.payload(text));
    await until(() => heard().length > length, 'they have come');
    expect(heard().subarray(length)).toEqual(ONE_TWO);
  });

  it.each([
    ['the peer', Feature.Batches, OTHER_FEATURE],
    ['it', 0, Feature.Batches],
    ['either', 0, 0],
    ['either, though they have something else in common', OTHER_FEATURE, OTHER_FEATURE],
  ])('sends none when %s takes none', async (_who, ours, theirs) => {
    const { link, heard } = await open(ours, theirs);
    expect(heard()).toEqual(frameOf('welcome'));
    for (const text of ['one', 'two']) link.send((writer) => writer.payload(text));
    const frames = Buffer.concat(['welcome', 'one', 'two'].map(frameOf));
    await until(() => heard().length === frames.length, 'they have come');
    expect(heard()).toEqual(frames);
  });

  it('takes batches, and frames beside them, from a peer that sends them', async () => {
    const { recorder, peer } = await open(Feature.Batches, Feature.Batches);
    const before = recorder.frames.length;
    peer.write(ONE_TWO, frameOf('alone'), ONE_TWO);
    await recorder.received(before + 5);
    expect(recorder.texts.slice(before)).toEqual(['one', 'two', 'alone', 'one', 'two']);
  });
});

it('a node takes batches, and sends them, unless its terms say otherwise', async () => {
  const { heard } = await listening(Feature.Batches, Feature.Batches, true);
  expect(heard()[8]).toBe(211);
});

it('a dialer takes a batch that comes in one piece with Ready', async () => {
  const { recorder } = await listening(Feature.Batches, Feature.Batches);
  await recorder.received(2);
  expect(recorder.texts).toEqual(['one', 'two']);
});

it('a batch is none for a node that has not said that it takes them', async () => {
  const { recorder, peer } = await dialled(0, Feature.Batches);
  peer.write(ONE_TWO);
  await recorder.received(1);
  expect(recorder.frames).toEqual([ONE_TWO.subarray(8)]);
});

describe('before a link is open', () => {
  it('a batch is no handshake', async () => {
    const { address, recorder } = await listenForHandshakes({ features: Feature.Batches });
    const peer = await RawPeer.dial(address);
    const hello = new ByHand().opening('hello', NONCE);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(hello.length);
    peer.send(Buffer.concat([Uint8Array.of(211), length, hello]));
    await peer.ended();
    expect(peer.received).toHaveLength(0);
    expect(recorder.peers).toEqual([]);
    expect(await recorder.closing()).toMatchObject({ code: 'ERR_NESTWIRE_UNKNOWN_CODE' });
  });
});

describe('an open link of batches', () => {
  it('sends all frames of a turn in one batch', async () => {
    const { link, heard } = await dialled(Feature.Batches, Feature.Batches);
    const { length } = heard();
    const texts = Array.from({ length: 100 }, (_, number) => `frame ${number}`);
    for (const text of texts) link.send((writer) => writer.payload(text));
    const bytes = texts.reduce((sum, text) => sum + 4 + text.length, 8 + 1);
    expect(link.queuedBytes).toBe(bytes);
    await until(() => heard().length === length + bytes, 'all of it has come');
    expect(heard().readUInt32BE(length)).toBe(bytes);
    expect(link.queuedBytes).toBe(0);
  });

  it('adds no frame to a batch of 16 KiB', async () => {
    const { link, heard } = await dialled(Feature.Batches, Feature.Batches);
    const { length } = heard();
    const payload = Buffer.alloc(5 * KiB, 'x');
    for (let sent = 0; sent < 8; sent++) link.send((writer) => writer.bytes(payload));
    const four = 8 + 1 + 4 * (4 + payload.length);
    await until(() => heard().length === length + 2 * four, 'all of it has come');
    expect(heard().readUInt32BE(length)).toBe(four);
    expect(heard().readUInt32BE(length + four)).toBe(four);
  });

  it('takes a frame that is as large as one may be behind others in its batch', async () => {
    const maxFrameBytes = 100_000;
    const options = { maxFrameBytes };
    const { address, recorder } = await listenForHandshakes({ features: Feature.Batches }, options);
    const { link, recorder: dialer } = dialWithHandshake(address, {}, options);
    await dialer.peer();
    const [small, large] = [Buffer.alloc(15 * KiB, 's'), Buffer.alloc(maxFrameBytes - 8, 'l')];
    for (const payload of [small, large, small]) link.send((writer) => writer.bytes(payload));
    await recorder.received(3);
    expect(recorder.frames.map(({ length }) => length)).toEqual([small.length, large.length, small.length]);
    link.send((writer) => writer.bytes(Buffer.concat([large, Uint8Array.of(0)])));
    const reason = await recorder.closing();
    expect(reason).toBeInstanceOf(ProtocolError);
    expect(reason).toMatchObject({ code: 'ERR_NESTWIRE_FRAME_LENGTH' });
  });

  it('sends a gathered frame between its batches, as it is', async () => {
    const { link, heard } = await dialled(Feature.Batches, Feature.Batches);
    const { length } = heard();
    const gathered = new GatheredFrame();
    for (const part of ['gath', 'ered']) gathered.add((writer) => writer.payload(part));
    for (const text of ['one', 'two']) link.send((writer) => writer.payload(text));
    link.sendGathered(gathered);
    for (const text of ['one', 'two']) link.send((writer) => writer.payload(text));
    const expected = Buffer.concat([ONE_TWO, frameOf('gathered'), ONE_TWO]);
    await until(() => heard().length === length + expected.length, 'all of it has come');
    expect(heard().subarray(length)).toEqual(expected);
  });

  it('sends nothing for a frame that could not be written', async () => {
    const { link, heard } = await dialled(Feature.Batches, Feature.Batches);
    const { length } = heard();
    const failure = new Error('cannot be written');
    const fail = (): boolean =>
      link.send((writer) => {
        writer.payload('half');
        throw failure;
      });
    expect(fail).toThrow(failure);
    expect(link.queuedBytes).toBe(0);
    link.send((writer) => writer.payload('one'));
    expect(fail).toThrow(failure);
    link.send((writer) => writer.payload('two'));
    await until(() => heard().length > length, 'something has come');
    expect(heard().subarray(length)).toEqual(ONE_TWO);
  });

  it('keeps what was sent for who refers to it', async () => {
    const { link, heard } = await dialled(Feature.Batches, Feature.Batches);
    const { length } = heard();
    link.send((writer) => writer.payload('before'));
    link.retainSent();
    const kept: { chunk: Buffer; start: number; end: number }[] = [];
    const texts = Array.from({ length: 4_000 }, (_, number) => `frame number ${number} of four thousand`);
    for (const text of texts) {
      const frame = link.beginFrame();
      frame.payload(text);
      kept.push({
        chunk: frame.chunk,
        start: frame.payloadStart,
        end: frame.payloadStart + frame.payloadBytes,
      });
      link.endFrame();
    }
    const read: string[] = [];
    const readAll = (): void => {
      read.length = 0;
      const decoder = new FrameDecoder(128 * KiB, true);
      decoder.push(heard().subarray(length), (payload) => read.push(payload.restAsByteString()));
    };
    await until(() => (readAll(), read.length > texts.length), 'all of it has come');
    expect(read).toEqual(['before', ...texts]);
    expect(kept.map(({ chunk, start, end }) => chunk.toString('latin1', start, end))).toEqual(texts);
    expect(new Set(kept.map(({ chunk }) => chunk)).size).toBeGreaterThan(1);
  });

  it('ends for a batch that is wrong, and hands over nothing of it', async () => {
    const { recorder, peer } = await dialled(Feature.Batches, Feature.Batches);
    const bad = Buffer.from(ONE_TWO);
    bad[bad.length - 1]! ^= 1;
    peer.write(ONE_TWO, bad, ONE_TWO);
    const reason = await recorder.closing();
    expect(reason).toMatchObject({ code: 'ERR_NESTWIRE_FRAME_CHECKSUM' });
    expect(recorder.texts).toEqual(['one', 'two']);
  });
});

it('a stranger cannot talk a link out of its batches: features are proven', async () => {
  const { address, recorder } = await listenForHandshakes({ features: Feature.Batches });
  const peer = await RawPeer.dial(address);
  const hand = new ByHand();
  peer.send(hand.opening('hello', NONCE));
  await until(() => peer.frames.length === 1, 'the challenge has come');
  hand.heard(peer.frames[0]!);
  const auth = hand.introduction('auth', { ...WORKER, features: Feature.Batches });
  auth[5]! ^= Feature.Batches;
  peer.send(auth);
  await peer.ended();
  expect(recorder.peers).toEqual([]);
  expect(await recorder.closing()).toBeInstanceOf(PeerRefusedError);
});
