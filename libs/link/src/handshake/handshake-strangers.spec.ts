import { createHmac, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HandshakeTimeoutError, HandshakeVersionError, PeerRefusedError, UnprovenPeerError } from '#link';
import { ProtocolError } from '#protocol';
import {
  ByHand,
  dialWithHandshake,
  GATEWAY,
  listenForHandshakes,
  SECRET,
  WORKER,
} from '../../../../test/links/handshake-kit.js';
import { frameOf, listenRaw, RawPeer, until } from '../../../../test/links/link-kit.js';

afterEach(() => void vi.useRealTimers());

const NONCE = Buffer.alloc(16, 0xd1);

async function knock(terms: Parameters<typeof listenForHandshakes>[0] = {}) {
  const listener = await listenForHandshakes(terms);
  const stranger = await RawPeer.dial(listener.address);
  return { ...listener, stranger };
}

/** Speaks as a dialer does, up to Auth. */
async function introduce(
  stranger: RawPeer,
  secret = SECRET,
): Promise<{ hello: Buffer; auth: Buffer; hand: ByHand }> {
  const hand = new ByHand(secret);
  const hello = hand.opening('hello', NONCE);
  stranger.send(hello);
  await until(() => stranger.frames.length === 1, 'the challenge has come');
  hand.heard(stranger.frames[0]!);
  const auth = hand.introduction('auth', WORKER);
  stranger.send(auth);
  return { hello, auth, hand };
}

describe('a listener', () => {
  it('lets in whoever speaks as docs/protocol.md says, and proves itself', async () => {
    const { stranger, recorder } = await knock();
    const { hand } = await introduce(stranger);
    await until(() => stranger.frames.length === 2, 'Ready has come');
    expect(stranger.frames[1]).toEqual(hand.introduction('ready', GATEWAY));
    expect(await recorder.peer()).toEqual(WORKER);
    stranger.send('a command');
    await recorder.received(1);
    expect(recorder.texts).toEqual(['a command']);
  });

  it('tells a stranger nothing but a fresh nonce before its proof is right, and then that it is not', async () => {
    const { stranger, recorder } = await knock();
    await introduce(stranger, 'guess');
    await stranger.ended();
    const [challenge, refused, ...more] = stranger.frames;
    expect(challenge).toHaveLength(18);
    expect([...challenge!.subarray(0, 2)]).toEqual([241, 1]);
    expect(refused).toEqual(ByHand.refused('unproven', 'the secret differs'));
    expect(more).toEqual([]);
    expect(await recorder.closing()).toBeInstanceOf(PeerRefusedError);
    expect(recorder.frames).toEqual([]);
  });

  it('never gives the same nonce twice', async () => {
    const { address } = await listenForHandshakes();
    const nonces = new Set<string>();
    for (let visit = 0; visit < 20; visit++) {
      const stranger = await RawPeer.dial(address);
      stranger.send(new ByHand().opening('hello', NONCE));
      await until(() => stranger.frames.length === 1, 'the challenge has come');
      nonces.add(stranger.frames[0]!.subarray(2).toString('hex'));
      stranger.socket.destroy();
    }
    expect(nonces.size).toBe(20);
  });

  it('refuses a handshake that was recorded and is sent again', async () => {
    const { address, stranger, recorder } = await knock();
    const { hello, auth } = await introduce(stranger);
    await recorder.peer();
    const replayed = await RawPeer.dial(address);
    replayed.send(hello);
    await until(() => replayed.frames.length === 1, 'the challenge has come');
    replayed.send(auth, 'a command');
    await replayed.ended();
    expect(replayed.frames[1]).toEqual(ByHand.refused('unproven', 'the secret differs'));
    const blind = await RawPeer.dial(address);
    blind.send(hello, auth, 'a command');
    await blind.ended();
    await recorder.closing(1);
    expect(recorder.peers).toHaveLength(1);
    expect(recorder.frames).toEqual([]);
  });

  it('does not take the proof of a listener for that of a dialer', async () => {
    const { stranger, recorder } = await knock();
    const hand = new ByHand();
    stranger.send(hand.opening('hello', NONCE));
    await until(() => stranger.frames.length === 1, 'the challenge has come');
    const said = Buffer.concat([hand.opening('hello', NONCE), stranger.frames[0]!]);
    const auth = hand.introduction('auth', WORKER);
    const head = auth.subarray(0, -32);
    const proof = createHmac('sha256', SECRET).update('listener').update(said).update(head).digest();
    stranger.send(Buffer.concat([head, proof]));
    expect(await recorder.closing()).toMatchObject({ refusal: 'unproven' });
  });

  it.each([
    ['a command', Uint8Array.of(4, 0, 0, 0, 1)],
    ['a ping of the base protocol', Uint8Array.of(0)],
    ['an announcement of the base protocol', Buffer.concat([Uint8Array.of(2), Buffer.from(SECRET)])],
    ['an extension ping', Uint8Array.of(208)],
    ['Auth without Hello', new ByHand().introduction('auth', WORKER)],
    ['a challenge', new ByHand().opening('challenge', NONCE)],
    ['Ready', new ByHand().introduction('ready', GATEWAY)],
    ['Refused', ByHand.refused('unproven', '')],
    ['an empty frame', new Uint8Array()],
    ['a Hello that is cut short', new ByHand().opening('hello', NONCE).subarray(0, 17)],
    ['a Hello that is too long', Buffer.concat([new ByHand().opening('hello', NONCE), Uint8Array.of(0)])],
  ])('ends the link without a word at %s', async (_what, payload) => {
    const { stranger, recorder } = await knock();
    stranger.send(payload, 'a command');
    expect(await recorder.closing()).toBeInstanceOf(ProtocolError);
    await stranger.ended();
    expect(stranger.received).toHaveLength(0);
    expect(recorder.frames).toEqual([]);
  });

  it.each([
    ['a command', Uint8Array.of(4, 0, 0, 0, 1)],
    ['a second Hello', new ByHand().opening('hello', NONCE)],
    ['Auth that is cut short', new ByHand().introduction('auth', WORKER).subarray(0, -1)],
    ['Auth that is too long', Buffer.concat([new ByHand().introduction('auth', WORKER), Uint8Array.of(0)])],
  ])('ends the link after its challenge at %s', async (_what, payload) => {
    const { stranger, recorder } = await knock();
    stranger.send(new ByHand().opening('hello', NONCE), payload, 'a command');
    expect(await recorder.closing()).toBeInstanceOf(ProtocolError);
    expect(recorder.frames).toEqual([]);
    expect(recorder.peers).toEqual([]);
  });

  it('does not take a caller for a gateway without an id, nor with one for a caller', async () => {
    for (const identity of [
      { ...WORKER, gatewayId: 'f0a1b2c3d4e5' },
      { ...WORKER, role: 'gateway' as const },
    ]) {
      const { stranger, recorder } = await knock();
      const hand = new ByHand();
      stranger.send(hand.opening('hello', NONCE));
      await until(() => stranger.frames.length === 1, 'the challenge has come');
      hand.heard(stranger.frames[0]!);
      stranger.send(hand.introduction('auth', identity));
      expect(await recorder.closing()).toMatchObject({ code: 'ERR_NESTWIRE_MALFORMED' });
    }
  });

  it('takes no frame above 4 KiB, and buffers nothing of it', async () => {
    const { stranger, recorder } = await knock();
    const header = Buffer.alloc(8);
    header.writeUInt32BE(4_097);
    stranger.write(header);
    expect(await recorder.closing()).toMatchObject({ code: 'ERR_NESTWIRE_FRAME_LENGTH' });
  });

  it.each(['nothing', 'Hello', 'half an Auth'])('gives up after 3 s a stranger who says %s', async (what) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { stranger, recorder } = await knock();
    const link = await recorder.link();
    const hand = new ByHand();
    if (what !== 'nothing') stranger.send(hand.opening('hello', NONCE));
    if (what !== 'nothing') await until(() => stranger.frames.length === 1, 'the challenge has come');
    if (what === 'half an Auth') stranger.write(frameOf(hand.introduction('auth', WORKER)).subarray(0, 40));
    vi.advanceTimersByTime(2_999);
    expect(link.state).toBe('handshaking');
    vi.advanceTimersByTime(1);
    expect(await recorder.closing()).toBeInstanceOf(HandshakeTimeoutError);
  });

  it('tells a node of another version which one it speaks', async () => {
    for (const version of [0, 2, 255]) {
      const { stranger, recorder } = await knock();
      stranger.send(Buffer.concat([new ByHand().opening('hello', NONCE, version), randomBytes(30)]));
      await stranger.ended();
      const text = `it speaks version ${version} of the handshake, and this node version 1`;
      expect(stranger.frames).toEqual([ByHand.refused('version', text)]);
      expect(await recorder.closing()).toMatchObject({ refusal: 'version' });
    }
  });

  it('is not held up by a refused stranger who keeps its side open', async () => {
    const { stranger, recorder } = await knock();
    await introduce(stranger, 'guess');
    await stranger.ended(); // and says nothing itself
    expect(await recorder.closing()).toBeInstanceOf(PeerRefusedError);
  });
});

describe('a dialer', () => {
  async function beDialed(secrets?: readonly string[]) {
    const { address, peers } = await listenRaw();
    const dialer = dialWithHandshake(address, secrets === undefined ? {} : { secrets });
    await until(() => (peers[0]?.frames.length ?? 0) === 1, 'Hello has come');
    return { ...dialer, listener: peers[0]!, hand: new ByHand() };
  }

  /** Speaks as a listener does, up to where Ready is due. */
  async function challenge(listener: RawPeer, hand: ByHand): Promise<void> {
    hand.heard(listener.frames[0]!);
    listener.send(hand.opening('challenge', NONCE));
    await until(() => listener.frames.length === 2, 'Auth has come');
  }

  it('speaks first, as docs/protocol.md says', async () => {
    const { recorder, link, listener, hand } = await beDialed();
    expect([...listener.frames[0]!.subarray(0, 2)]).toEqual([240, 1]);
    await challenge(listener, hand);
    expect(listener.frames[1]).toEqual(hand.introduction('auth', WORKER));
    listener.send(hand.introduction('ready', GATEWAY), 'the first event');
    expect(await recorder.peer()).toEqual(GATEWAY);
    await recorder.received(1);
    expect(link.state).toBe('open');
  });

  it('does not open a link to a listener that does not know the secret, and tells it nothing more', async () => {
    const { recorder, listener, hand } = await beDialed();
    await challenge(listener, hand);
    const impostor = new ByHand('guess');
    impostor.heard(listener.frames[0]!);
    impostor.opening('challenge', NONCE);
    impostor.heard(listener.frames[1]!);
    listener.send(impostor.introduction('ready', GATEWAY), 'an event');
    const reason = await recorder.closing();
    expect(reason).toBeInstanceOf(UnprovenPeerError);
    expect(reason).toMatchObject({ code: 'ERR_NESTWIRE_UNPROVEN_PEER' });
    expect(recorder.peers).toEqual([]);
    expect(recorder.frames).toEqual([]);
    expect(listener.frames).toHaveLength(2);
  });

  it('is not satisfied with its own proof sent back', async () => {
    const { recorder, listener, hand } = await beDialed();
    await challenge(listener, hand);
    const proof = listener.frames[1]!.subarray(-32);
    const ready = hand.introduction('ready', GATEWAY);
    listener.send(Buffer.concat([ready.subarray(0, -32), proof]));
    expect(await recorder.closing()).toBeInstanceOf(UnprovenPeerError);
  });

  it('is not satisfied with a Ready that was recorded', async () => {
    const first = await beDialed();
    await challenge(first.listener, first.hand);
    first.hand.heard(first.listener.frames[1]!);
    const ready = first.hand.introduction('ready', GATEWAY);
    first.listener.send(ready);
    await first.recorder.peer();
    const second = await beDialed();
    await challenge(second.listener, second.hand);
    second.listener.send(ready);
    expect(await second.recorder.closing()).toBeInstanceOf(UnprovenPeerError);
  });

  it('tries no other of its secrets on a listener that did not prove itself', async () => {
    const { recorder, listener, hand } = await beDialed([SECRET, 'old']);
    await challenge(listener, hand);
    const impostor = new ByHand('old');
    impostor.heard(listener.frames[0]!);
    impostor.opening('challenge', NONCE);
    impostor.heard(listener.frames[1]!);
    listener.send(impostor.introduction('ready', GATEWAY));
    expect(await recorder.closing()).toBeInstanceOf(UnprovenPeerError);
  });

  it('never has the secret on the wire', async () => {
    const { listener, hand } = await beDialed();
    await challenge(listener, hand);
    expect(listener.received.includes(SECRET)).toBe(false);
  });

  it('says which version a listener speaks that goes on in another one', async () => {
    const { recorder, listener } = await beDialed();
    listener.send(new ByHand().opening('challenge', NONCE, 2));
    const reason = await recorder.closing();
    expect(reason).toBeInstanceOf(HandshakeVersionError);
    expect(reason).toMatchObject({ code: 'ERR_NESTWIRE_HANDSHAKE_VERSION', version: 2 });
    expect(reason?.message).toContain('speaks version 2 of the handshake, and this node version 1.');
  });

  it.each([
    ['an event', Uint8Array.of(20, 0, 0, 0, 1)],
    ['a gateway list of the base protocol', Uint8Array.of(3)],
    ['Hello: another dialer', new ByHand().opening('hello', NONCE)],
    ['Ready before its challenge', new ByHand().introduction('ready', GATEWAY)],
    ['Auth', new ByHand().introduction('auth', WORKER)],
    ['a challenge that is cut short', new ByHand().opening('challenge', NONCE).subarray(0, 10)],
    ['a refusal with a code that is none', ByHand.refused('No\nSuch', 'text')],
    ['a refusal that is cut short', Uint8Array.of(244, 10, 97)],
    ['nothing in a frame', new Uint8Array()],
  ])('ends the link at %s', async (_what, payload) => {
    const { recorder, listener } = await beDialed();
    listener.send(payload, 'an event');
    expect(await recorder.closing()).toBeInstanceOf(ProtocolError);
    expect(recorder.frames).toEqual([]);
    expect(listener.frames).toHaveLength(1);
  });

  it('writes no lines of a stranger into a log', async () => {
    const { recorder, listener } = await beDialed();
    listener.send(ByHand.refused('full', 'one\nERROR two\u001b[31m\u2028three'));
    const reason = await recorder.closing();
    expect(reason).toMatchObject({ refusal: 'full', text: 'one?ERROR two?[31m?three' });
  });
});
