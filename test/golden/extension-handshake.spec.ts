import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DialerHandshake, ListenerHandshake, type HandshakeTerms, type PeerIdentity } from '#link';
import {
  encodeFrame,
  FrameDecoder,
  readRefused,
  readRosterMessage,
  writeRefused,
  writeRosterMessage,
  type ByteReader,
  type Refusal,
  type RosterMessage,
} from '#protocol';

interface GoldenHandshake {
  readonly what: string;
  readonly secret: string;
  readonly dialerNonce: string;
  readonly listenerNonce: string;
  readonly dialer: PeerIdentity;
  readonly listener: PeerIdentity;
  readonly frames: Readonly<Record<'hello' | 'challenge' | 'auth' | 'ready', string>>;
}

const golden = JSON.parse(readFileSync(new URL('extension/handshake.json', import.meta.url), 'utf8')) as {
  readonly handshakes: readonly GoldenHandshake[];
  readonly refusals: readonly (Refusal & { readonly frame: string })[];
  readonly register: readonly { readonly message: RosterMessage; readonly frame: string }[];
};

function framed(payload: Uint8Array): string {
  return encodeFrame((writer) => writer.bytes(payload)).toString('hex');
}

/** Reads the one frame that these bytes are, cut anywhere. */
function unframed<Read>(frame: string, read: (payload: ByteReader) => Read, chunkBytes = 1): Read {
  const decoder = new FrameDecoder(4_096);
  const bytes = Buffer.from(frame, 'hex');
  const found: Read[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    decoder.push(Buffer.from(bytes.subarray(at, at + chunkBytes)), (payload) => found.push(read(payload)));
  }
  expect(found).toHaveLength(1);
  return found[0]!;
}

function termsOf(identity: PeerIdentity, secrets: readonly string[]): HandshakeTerms {
  const { session, ...shown } = identity;
  return { ...shown, secrets, session: () => session };
}

function begin(
  { secret, dialerNonce, listenerNonce, dialer, listener }: GoldenHandshake,
  also: string[] = [],
) {
  return {
    dialing: new DialerHandshake(
      'listener',
      termsOf(dialer, [secret]),
      secret,
      Buffer.from(dialerNonce, 'hex'),
    ),
    listening: new ListenerHandshake(
      'dialer',
      termsOf(listener, [...also, secret]),
      Buffer.from(listenerNonce, 'hex'),
    ),
  };
}

describe('the golden handshake', () => {
  it.each(golden.handshakes)('$what: every byte of both sides', (recorded) => {
    const { frames, dialer, listener } = recorded;
    const { dialing, listening } = begin(recorded);
    expect(framed(dialing.begin())).toBe(frames.hello);
    const challenge = unframed(frames.hello, (payload) => listening.receive(payload));
    expect('send' in challenge && framed(challenge.send)).toBe(frames.challenge);
    const auth = unframed(frames.challenge, (payload) => dialing.receive(payload));
    expect('send' in auth && framed(auth.send)).toBe(frames.auth);
    const ready = unframed(frames.auth, (payload) => listening.receive(payload));
    expect('send' in ready && framed(ready.send)).toBe(frames.ready);
    expect('peer' in ready && ready.peer).toEqual(dialer);
    expect(unframed(frames.ready, (payload) => dialing.receive(payload))).toEqual({ peer: listener });
  });

  it.each(golden.handshakes)('$what: proven with the secret that matched, of several', (recorded) => {
    const { listening } = begin(recorded, ['another one']);
    unframed(recorded.frames.hello, (payload) => listening.receive(payload));
    const ready = unframed(recorded.frames.auth, (payload) => listening.receive(payload));
    expect('send' in ready && framed(ready.send)).toBe(recorded.frames.ready);
  });

  it.each(golden.handshakes)('$what: of no use against any other nonce', (recorded) => {
    const { listening } = begin({ ...recorded, listenerNonce: '00'.repeat(16) });
    unframed(recorded.frames.hello, (payload) => listening.receive(payload));
    expect(unframed(recorded.frames.auth, (payload) => listening.receive(payload))).toEqual({
      refuse: { code: 'unproven', text: 'the secret differs' },
    });
  });
});

describe('a golden refusal', () => {
  it.each(golden.refusals)('$code', ({ frame, ...refusal }) => {
    expect(encodeFrame((writer) => writeRefused(writer, refusal)).toString('hex')).toBe(frame);
    const read = unframed(frame, (payload) => {
      expect(payload.u8()).toBe(244);
      return readRefused(payload);
    });
    expect(read).toEqual(refusal);
  });
});

describe('a golden message to or from a register', () => {
  it.each(golden.register)('$message.type, $frame', ({ message, frame }) => {
    expect(encodeFrame((writer) => writeRosterMessage(writer, message)).toString('hex')).toBe(frame);
    expect(unframed(frame, readRosterMessage)).toEqual(message);
    expect(unframed(frame, readRosterMessage, 1_000)).toEqual(message);
  });
});
