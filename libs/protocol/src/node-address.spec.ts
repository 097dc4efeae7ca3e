import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from './errors.js';
import { checkPort, formatAddress, packIPv4, unpackIPv4 } from './node-address.js';

describe('an IPv4 address', () => {
  it('is packed with its first byte highest, and never negative', () => {
    expect(packIPv4('127.0.0.1')).toBe(0x7f00_0001);
    expect(packIPv4('255.255.255.255')).toBe(0xffff_ffff);
    expect(packIPv4('128.0.0.0')).toBe(0x8000_0000);
    expect(packIPv4('0.0.0.0')).toBe(0);
  });

  it('comes back from every number of 32 bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (packed) => {
        expect(packIPv4(unpackIPv4(packed))).toBe(packed);
      }),
    );
  });

  it.each([
    '',
    'localhost',
    '::1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '1.2.3.999',
    '1.2.3.-4',
    '1.2.3.4 ',
    '1.2.3.4\n',
    '1.2.3.0x4',
    '1..3.4',
    '1.2.3.1e1',
    '٣.2.3.4',
  ])('is refused as "%s"', (host) => {
    const pack = () => packIPv4(host);
    expect(pack).toThrow(InvalidArgumentError);
    expect(pack).toThrow(
      expect.objectContaining({
        code: 'ERR_NESTWIRE_INVALID_ARGUMENT',
        argument: 'host',
        message: `"host" must be an IPv4 address such as 10.0.0.5, not "${host}"`,
      }),
    );
  });
});

describe('a port', () => {
  it.each([0, 1, 9108, 65_535])('may be %i', (port) => {
    expect(checkPort(port)).toBe(port);
  });

  it.each([-1, 65_536, 9108.5, Number.NaN, Number.POSITIVE_INFINITY])('may not be %d', (port) => {
    expect(() => checkPort(port)).toThrow(
      expect.objectContaining({
        code: 'ERR_NESTWIRE_INVALID_ARGUMENT',
        argument: 'port',
        message: `"port" must be a whole number from 0 to 65535, not ${port}`,
      }),
    );
  });
});

describe('formatAddress', () => {
  it('joins host and port', () => {
    expect(formatAddress({ host: '10.0.0.5', port: 9108 })).toBe('10.0.0.5:9108');
  });
});
