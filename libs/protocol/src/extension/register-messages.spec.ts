import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { InvalidArgumentError, ProtocolError } from '../errors.js';
import type { GatewayEntry } from './gateway-entry.js';
import { readRosterMessage, writeRosterMessage, type RosterMessage } from './register-messages.js';

const ONE: GatewayEntry = {
  id: 'f0a1b2c3d4e5',
  address: { host: '10.0.0.5', port: 9108 },
  zone: 'eu-1',
  features: 0x0102_0304,
};
const ONE_HEX = ['001a', 'f0a1b2c3d4e5', '01020304', '2394', '08', '31302e302e302e35', '04', '65752d31'].join(
  '',
);

function written(message: RosterMessage): Buffer {
  const writer = new ByteWriter();
  writeRosterMessage(writer, message);
  return Buffer.from(writer.view());
}

const entries: fc.Arbitrary<GatewayEntry> = fc.record({
  id: fc.uint8Array({ minLength: 6, maxLength: 6 }).map((array) => Buffer.from(array).toString('hex')),
  address: fc.record({
    host: fc.oneof(
      fc.ipV4(),
      fc.constantFrom(
        '::1',
        'fe80::1',
        '2001:db8::8:800:200c:417a',
        'a',
        'gateway-1.example',
        `${'a'.repeat(60)}.`.repeat(4),
      ),
    ),
    port: fc.integer({ min: 1, max: 65_535 }),
  }),
  zone: fc.oneof(fc.constantFrom('', 'z'.repeat(255), 'Süd'), fc.string({ maxLength: 50 })),
  features: fc.integer({ min: 0, max: 0xffff_ffff }),
});

describe('what is said to and by a register', () => {
  it('has the layout of docs/protocol.md', () => {
    expect(written({ type: 'ping' }).toString('hex')).toBe('d0');
    expect(written({ type: 'pong' }).toString('hex')).toBe('d1');
    expect(written({ type: 'announce', gateway: ONE }).toString('hex')).toBe(`dc${ONE_HEX}`);
    expect(written({ type: 'gatewayList', gateways: [] }).toString('hex')).toBe('dd');
    expect(written({ type: 'gatewayList', gateways: [ONE, ONE] }).toString('hex')).toBe(
      `dd${ONE_HEX}${ONE_HEX}`,
    );
  });

  it('is read as it was written', () => {
    const messages: fc.Arbitrary<RosterMessage> = fc.oneof(
      fc.constantFrom({ type: 'ping' as const }, { type: 'pong' as const }),
      entries.map((gateway) => ({ type: 'announce' as const, gateway })),
      fc.array(entries).map((gateways) => ({ type: 'gatewayList' as const, gateways })),
    );
    fc.assert(
      fc.property(messages, (message) => {
        expect(readRosterMessage(ByteReader.of(written(message)))).toEqual(message);
      }),
    );
  });

  it('may have fields at the end of an entry that a later release knows', () => {
    const later = Buffer.concat([Buffer.from(ONE_HEX, 'hex'), Uint8Array.of(1, 2, 3)]);
    later.writeUInt16BE(0x1a + 3);
    const list = Buffer.concat([Uint8Array.of(221), later, Buffer.from(ONE_HEX, 'hex')]);
    expect(readRosterMessage(ByteReader.of(list))).toEqual({ type: 'gatewayList', gateways: [ONE, ONE] });
  });

  it('is refused when it is cut short anywhere', () => {
    const whole = written({ type: 'announce', gateway: ONE });
    for (let length = 0; length < whole.length; length++) {
      expect(() => readRosterMessage(ByteReader.of(whole.subarray(0, length))), `${length}`).toThrow(
        ProtocolError,
      );
    }
  });

  it.each([
    ['an entry that is longer than it says', `dc0019${ONE_HEX.slice(4)}`],
    ['an entry that reaches into the next', `dd0019${ONE_HEX.slice(4)}${ONE_HEX}`],
    ['an announcement with something behind it', `dc${ONE_HEX}00`],
    ['a ping that is too long', 'd000'],
    ['a pong that is too long', 'd100'],
    ['a base announcement', '010a00000123943139'],
    ['an empty payload', ''],
    ['a host that is none', `dc${ONE_HEX.replace('31302e302e302e35', '3130202e302e3035')}`],
    ['an address for a host', `dc${ONE_HEX.replace('31302e302e302e35', '31302e302e303a35')}`],
  ])('is refused: %s', (_what, bytes) => {
    expect(() => readRosterMessage(ByteReader.of(Buffer.from(bytes, 'hex')))).toThrow(ProtocolError);
  });

  it.each([
    { id: 'f0' },
    { id: 'F0A1B2C3D4E5' },
    { id: '' },
    { zone: 'z'.repeat(256) },
    { address: { host: 'x'.repeat(256), port: 1 } },
    { address: { host: 'a', port: 65_536 } },
  ])('cannot be written with %j', (wrong) => {
    expect(() => written({ type: 'announce', gateway: { ...ONE, ...wrong } })).toThrow(InvalidArgumentError);
  });

  it('may be any bytes, which are read or refused with a ProtocolError', () => {
    fc.assert(
      fc.property(fc.constantFrom(208, 209, 220, 221), fc.uint8Array({ maxLength: 100 }), (code, bytes) => {
        try {
          readRosterMessage(ByteReader.of(Buffer.concat([Uint8Array.of(code), bytes])));
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
