import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatClientId, gatewayAddressOf, gatewayKey, parseClientId } from './client-id.js';
import { InvalidArgumentError } from './errors.js';

const u8 = fc.nat(255);
const addresses = fc.record({
  host: fc.tuple(u8, u8, u8, u8).map((bytes) => bytes.join('.')),
  port: fc.nat(65_535),
});
const connectionIds = fc.integer({ min: 0, max: 0xffff_ffff });

function refusal(action: () => unknown): InvalidArgumentError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return error as InvalidArgumentError;
  }
  throw new Error('Nothing was thrown');
}

describe('a client id', () => {
  it('comes back from any gateway and connection as it was made', () => {
    fc.assert(
      fc.property(addresses, connectionIds, (address, connectionId) => {
        const clientId = formatClientId(gatewayKey(address), connectionId);
        expect(clientId).toMatch(/^[0-9a-f]{20}$/);
        const parsed = parseClientId(clientId);
        expect(parsed).toEqual({ gateway: gatewayKey(address), connectionId });
        expect(gatewayAddressOf(parsed.gateway)).toEqual(address);
      }),
    );
  });

  it('is its own form: every 20 lower-case hex characters are taken', () => {
    const hex = fc.string({
      unit: fc.nat(15).map((digit) => digit.toString(16)),
      minLength: 20,
      maxLength: 20,
    });
    fc.assert(
      fc.property(hex, (clientId) => {
        const { gateway, connectionId } = parseClientId(clientId);
        expect(formatClientId(gateway, connectionId)).toBe(clientId);
      }),
    );
  });

  it('is refused in any other form, and never with another exception', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => {
        fc.pre(!(typeof value === 'string' && /^[0-9a-f]{20}$/.test(value)));
        expect(refusal(() => parseClientId(value as string)).code).toBe('ERR_NESTWIRE_INVALID_ARGUMENT');
      }),
    );
  });

  it('is the right one however many others have been met in between', () => {
    // More than are remembered, of gateways that differ at one end or the other, counting in upper or lower bits.
    const gateways = ['7f0000012394', '7f0000012395', '7f0000022394', 'f00000012394'];
    const numbers = Array.from({ length: 3000 }, (_, i) => [
      i,
      (i << 12) >>> 0,
      (0xffff_ffff - i) >>> 0,
    ]).flat();
    for (let round = 0; round < 2; round++) {
      for (const gateway of gateways) {
        for (const connectionId of numbers) {
          const text = gateway + connectionId.toString(16).padStart(8, '0');
          if (formatClientId(gateway, connectionId) !== text) expect.fail(`not ${text}`);
          const parsed = parseClientId(text);
          if (parsed.gateway !== gateway || parsed.connectionId !== connectionId) expect.fail(text);
        }
      }
    }
  });

  it('is refused every time when it was made of what is no gateway', () => {
    const bad = formatClientId('no gateway!!', 1);
    for (let round = 0; round < 2; round++) {
      expect(refusal(() => parseClientId(bad)).argument).toBe('clientId');
    }
  });

  it('is parsed into an object of the caller: what is done to it changes no other', () => {
    const clientId = formatClientId('7f0000012394', 77);
    parseClientId(clientId).connectionId = 78;
    expect(parseClientId(clientId)).toEqual({ gateway: '7f0000012394', connectionId: 77 });
  });

  const good = '7f000001239400000001';
  it.each([
    ['', '""'],
    [good.slice(1), '"f000001239400000001"'],
    [`${good}0`, '"7f0000012394000000010"'],
    [`${good}\n`, '"7f000001239400000001\\n"'],
    [` ${good.slice(1)}`, '" f000001239400000001"'],
    [good.toUpperCase(), '"7F000001239400000001"'],
    [good.replace('7', 'g'), '"gf000001239400000001"'],
    ['x'.repeat(1000), `"${'x'.repeat(40)}"`],
    [undefined, 'a value of type undefined'],
    [12_345_678_901_234_567_890n, 'a value of type bigint'],
    [[good], 'a value of type object'],
  ])('is refused as %o', (clientId, shown) => {
    const error = refusal(() => parseClientId(clientId as string));
    expect(error.argument).toBe('clientId');
    expect(error.message).toBe(
      `"clientId" must be 20 lower-case hex characters as in client.id, not ${shown}`,
    );
  });
});

describe('the key of a gateway', () => {
  it('is its address in 12 hex characters', () => {
    expect(gatewayKey({ host: '127.0.0.1', port: 9108 })).toBe('7f0000012394');
    expect(gatewayKey({ host: '0.0.0.0', port: 0 })).toBe('000000000000');
    expect(gatewayKey({ host: '255.255.255.255', port: 65_535 })).toBe('ffffffffffff');
  });

  it.each([-1, 65_536, 1.5, Number.NaN])('is refused for port %d, which would name another node', (port) => {
    const error = refusal(() => gatewayKey({ host: '127.0.0.1', port }));
    expect(error.argument).toBe('port');
    expect(error.message).toBe(`"port" must be a whole number from 0 to 65535, not ${port}`);
  });
});
