import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from './errors.js';
import {
  formatAddress,
  isLoopback,
  isUnspecified,
  parseAddress,
  parseAddressList,
  type AddressRules,
} from './node-address.js';

function refusal(text: string, rules?: AddressRules): string {
  try {
    parseAddress(text, 'NESTWIRE_LAN', rules);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_INVALID_OPTION', option: 'NESTWIRE_LAN' });
    return (error as InvalidOptionError).message;
  }
  throw new Error('Nothing was thrown');
}

describe('an address written as host:port', () => {
  it.each([
    ['127.0.0.1:9327', '127.0.0.1', 9327],
    ['0.0.0.0:0', '0.0.0.0', 0],
    [' 10.0.0.5:65535\n', '10.0.0.5', 65_535],
    ['localhost:1', 'localhost', 1],
    ['gateway-1.my_net.example.:80', 'gateway-1.my_net.example.', 80],
    ['[::1]:9108', '::1', 9108],
    ['[fe80::1:2]:9108', 'fe80::1:2', 9108],
    ['[::ffff:10.0.0.5]:9108', '::ffff:10.0.0.5', 9108],
  ])('is read from "%s", and written the same', (text, host, port) => {
    expect(parseAddress(text, 'NESTWIRE_LAN')).toEqual({ host, port });
    expect(formatAddress({ host, port })).toBe(text.trim());
  });

  it.each([
    '',
    ':80',
    'localhost',
    'localhost:',
    'localhost:http',
    '9327',
    'a b:80',
    'tcp://localhost:80',
    'user@localhost:80',
    'localhost:80/',
    '::1:9108',
    '[::1]',
    '[::g]:80',
    '[1::2::3]:80',
    '[localhost]:80',
    '256.0.0.1:80',
    '1.2.3:80',
    '1.2.3.4.5:80',
    '010.0.0.1:80',
    '-host:80',
    'host-:80',
    'a..b:80',
    'localhost:123456',
    'localhost:-1',
    `${'x'.repeat(254)}:80`,
  ])('is refused as "%s"', (text) => {
    expect(refusal(text)).toBe(
      `Option "NESTWIRE_LAN" must be written as host:port, such as 127.0.0.1:9327, not "${text}".`,
    );
  });

  it('is refused with a port that there is not', () => {
    expect(refusal('localhost:65536')).toBe(
      'Option "NESTWIRE_LAN" has the port 65536; write one from 0 to 65535 into "localhost:65536".',
    );
  });

  it.each(['localhost:80', '[::1]:80'])('is refused as %s where other nodes are told four bytes', (text) => {
    expect(refusal(text, { ipv4Only: true })).toContain(
      'must have an IPv4 address for its host, such as 10.0.0.5:80',
    );
    expect(parseAddress('10.0.0.5:80', 'NESTWIRE_LAN', { ipv4Only: true })).toEqual({
      host: '10.0.0.5',
      port: 80,
    });
  });

  it.each([
    ['localhost:0', 'has port 0, where nobody can connect; write the port that "localhost" listens on.'],
    ['0.0.0.0:80', 'must not be 0.0.0.0, where no other node can connect;'],
    ['[::]:80', 'must not be ::, where no other node can connect;'],
  ])('is refused as %s where somebody connects to it', (text, problem) => {
    expect(refusal(text, { dialled: true })).toContain(problem);
    expect(() => parseAddress(text, 'NESTWIRE_LAN')).not.toThrow();
  });
});

describe('a list of addresses', () => {
  it('is parted by commas, and has each address once', () => {
    expect(parseAddressList('a:1, b:2,a:1 ,[::1]:3', 'NESTWIRE_REGISTER')).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
      { host: '::1', port: 3 },
    ]);
  });

  it.each(['', ',', 'a:1,', 'a:1,,b:2'])('is refused as "%s", which lacks one', (text) => {
    expect(() => parseAddressList(text, 'NESTWIRE_REGISTER')).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_OPTION', option: 'NESTWIRE_REGISTER' }),
    );
  });

  it('holds every address to the rules', () => {
    expect(() => parseAddressList('a:1,b:0', 'NESTWIRE_REGISTER', { dialled: true })).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_OPTION' }),
    );
  });
});

describe('a host', () => {
  it.each(['127.0.0.1', '127.255.0.1', 'localhost', '::1'])(
    '%s is reached from this machine only',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each(['10.0.0.5', '0.0.0.0', '128.0.0.1', '127.example.com', '::', 'localhost.example.com'])(
    '%s may be reached from others',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );

  it('is unspecified when it means every interface', () => {
    expect(['0.0.0.0', '::'].map(isUnspecified)).toEqual([true, true]);
    expect(['127.0.0.1', '::1', 'localhost', '0.0.0.1'].map(isUnspecified)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});
