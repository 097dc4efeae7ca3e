import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { InvalidArgumentError, ProtocolError } from '../errors.js';
import {
  HandshakeCode,
  PROOF_BYTES,
  readIdentity,
  readOpening,
  readRefused,
  writeChallenge,
  writeHello,
  writeIdentity,
  writeRefused,
  type PeerIdentity,
} from './handshake.js';

const NONCE = Buffer.alloc(16, 0xaa);
const PROOF = Buffer.alloc(PROOF_BYTES, 0xbb);
const GATEWAY: PeerIdentity = {
  role: 'gateway',
  name: 'g1',
  session: '0123456789abcdef0123456789abcdef',
  gatewayId: 'f0a1b2c3d4e5',
  features: 0x0102_0304,
};

function written(write: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter();
  write(writer);
  return Buffer.from(writer.view());
}

function auth(identity: PeerIdentity): Buffer {
  return Buffer.concat([written((writer) => writeIdentity(writer, HandshakeCode.Auth, identity)), PROOF]);
}

/** A reader behind the code. */
function behindCode(payload: Uint8Array): ByteReader {
  const reader = ByteReader.of(payload);
  reader.u8();
  return reader;
}

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => Buffer.from(array).toString('hex'));

const identities: fc.Arbitrary<PeerIdentity> = fc
  .record({
    role: fc.constantFrom('gateway' as const, 'register' as const, 'caller' as const),
    name: fc.oneof(fc.string({ maxLength: 60 }), fc.constantFrom('', 'n'.repeat(255), 'Größe 名前')),
    session: hex(16),
    gatewayId: hex(6).filter((id) => id !== '000000000000'),
    features: fc.integer({ min: 0, max: 0xffff_ffff }),
  })
  .map((identity) => (identity.role === 'gateway' ? identity : { ...identity, gatewayId: '' }));

describe('Hello and Challenge', () => {
  it('are a code, a version and a nonce', () => {
    expect(written((writer) => writeHello(writer, NONCE)).toString('hex')).toBe(`f001${'aa'.repeat(16)}`);
    expect(written((writer) => writeChallenge(writer, NONCE)).toString('hex')).toBe(`f101${'aa'.repeat(16)}`);
  });

  it('may be anything behind another version', () => {
    for (const rest of ['', '00'.repeat(16), 'ff'.repeat(200)]) {
      expect(readOpening(ByteReader.of(Buffer.from(`02${rest}`, 'hex')))).toEqual({ version: 2 });
    }
  });

  it.each([['0'], ['15'], ['17']])('have a nonce of 16 bytes and not %s', (bytes) => {
    const nonce = Buffer.alloc(Number(bytes));
    expect(() => readOpening(ByteReader.of(Buffer.concat([Uint8Array.of(1), nonce])))).toThrow(ProtocolError);
    expect(() => written((writer) => writeHello(writer, nonce))).toThrow(InvalidArgumentError);
  });
});

describe('Auth and Ready', () => {
  it('have the layout of docs/protocol.md', () => {
    expect(auth(GATEWAY).toString('hex')).toBe(
      ['f2', '01', '01020304', GATEWAY.session, GATEWAY.gatewayId, '02', '6731', 'bb'.repeat(32)].join(''),
    );
  });

  it('are read as they were written', () => {
    fc.assert(
      fc.property(identities, (identity) => {
        const read = readIdentity(behindCode(auth(identity)));
        // oxlint-disable-next-line no-control-regex -- a peer must not write lines of its own into a log
        const name = identity.name.replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, '?');
        expect(read).toEqual({ identity: { ...identity, name: Buffer.from(name).toString() }, proof: PROOF });
      }),
    );
  });

  it('are refused when they are cut short anywhere, or longer than they say', () => {
    const whole = auth(GATEWAY);
    for (let length = 1; length < whole.length; length++) {
      expect(() => readIdentity(behindCode(whole.subarray(0, length))), `${length}`).toThrow(ProtocolError);
    }
    expect(() => readIdentity(behindCode(Buffer.concat([whole, Uint8Array.of(0)])))).toThrow(ProtocolError);
  });

  it.each([
    ['an unknown role', 1, 4],
    ['role 0', 1, 0],
  ])('are refused for %s', (_what, at, value) => {
    const payload = auth(GATEWAY);
    payload[at] = value;
    expect(() => readIdentity(behindCode(payload))).toThrow(ProtocolError);
  });

  it('are refused for a gateway without an id, and for another node with one', () => {
    const nameless = auth(GATEWAY);
    nameless.fill(0, 22, 28);
    expect(() => readIdentity(behindCode(nameless))).toThrow(ProtocolError);
    const caller = auth(GATEWAY);
    caller[1] = 3;
    expect(() => readIdentity(behindCode(caller))).toThrow(ProtocolError);
  });

  it.each([{ session: '00' }, { session: 'G'.repeat(32) }, { gatewayId: 'f0' }, { name: 'ü'.repeat(128) }])(
    'cannot be written with %j',
    (wrong) => {
      expect(() => auth({ ...GATEWAY, ...wrong })).toThrow(InvalidArgumentError);
    },
  );
});

describe('Refused', () => {
  it('is a code and a text', () => {
    const refused = written((writer) => writeRefused(writer, { code: 'fenced', text: 'come back' }));
    expect(refused.toString('latin1')).toBe('\xf4\x06fencedcome back');
    expect(readRefused(behindCode(refused))).toEqual({ code: 'fenced', text: 'come back' });
  });

  it.each(['', 'A', 'a b', 'x'.repeat(65), 'ü'])('cannot have %j for a code', (code) => {
    expect(() => written((writer) => writeRefused(writer, { code, text: '' }))).toThrow(InvalidArgumentError);
    const bytes = Buffer.from(code);
    const forged = Buffer.concat([Uint8Array.of(244, bytes.length), bytes]);
    expect(() => readRefused(behindCode(forged))).toThrow(ProtocolError);
  });
});

describe('any bytes', () => {
  it('are read or refused with a ProtocolError, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(readOpening, readIdentity, readRefused),
        (bytes, read) => {
          try {
            read(ByteReader.of(bytes));
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
