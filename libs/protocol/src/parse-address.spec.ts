import { describe, expect, it } from 'vitest';
import {
  formatAddress,
  InvalidOptionError,
  isLoopback,
  isUnspecified,
  parseAddress,
  parseAddressList,
  type AddressRules,
} from '#protocol';

function failureOf(text: string, rules?: AddressRules): unknown {
  try {
    return parseAddress(text, 'lan', rules);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_INVALID_OPTION', option: 'lan' });
    return error instanceof Error ? error.message : error;
  }
}

describe('an address written as host:port', () => {
  it.each([
    ['127.0.0.1:9327', '127.0.0.1', 9327],
    [' 10.0.0.5:0 ', '10.0.0.5', 0],
    ['0.0.0.0:65535', '0.0.0.0', 65_535],
    ['localhost:9327', 'localhost', 9327],
    ['register:9327', 'register', 9327],
    ['register-0.nestwire.svc.cluster.local:9327', 'register-0.nestwire.svc.cluster.local', 9327],
    ['my_service:1', 'my_service', 1],
    ['[::1]:9327', '::1', 9327],
  ])('%s is read', (text, host, port) => {
    expect(parseAddress(text, 'lan')).toEqual({ host, port });
    expect(formatAddress({ host, port })).toBe(text.trim());
  });

  it.each([
    '',
    '9327',
    ':9327',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:port',
    '127.0.0.1:-1',
    '127.0.0.1:93.27',
    '127.0.0.1:9327:1',
    'tcp://127.0.0.1:9327',
    '256.0.0.1:9327',
    '10.0.0:9327',
    '10.0.0.010:9327',
    'two words:9327',
    '-dash:9327',
    '::1:9327',
    '[::g]:9327',
    '[127.0.0.1]:9327',
    'a,b:1',
  ])('"%s" is refused with an example of what to write', (text) => {
    expect(failureOf(text)).toBe(
      `Option "lan" must be written as host:port, such as 127.0.0.1:9327, not "${text}".`,
    );
  });

  it('may not have a port that two bytes cannot say', () => {
    expect(failureOf('127.0.0.1:65536')).toBe(
      'Option "lan" has the port 65536; write one from 0 to 65535 into "127.0.0.1:65536".',
    );
  });

  it.each(['localhost:9108', '[::1]:9108'])('%s may not be told to other nodes', (text) => {
    expect(failureOf(text, { ipv4Only: true })).toMatch(
      /^Option "lan" must have an IPv4 address for its host, such as 10\.0\.0\.5:9108/,
    );
  });

  it.each(['0.0.0.0:9108', '[::]:9108'])('%s is no place to connect to', (text) => {
    expect(failureOf(text, { dialled: true })).toMatch(
      /^Option "lan" must not be .+ such as 10\.0\.0\.5:9108\.$/,
    );
  });

  it('with port 0 is no place to connect to', () => {
    expect(failureOf('10.0.0.5:0', { dialled: true })).toBe(
      'Option "lan" has port 0, where nobody can connect; write the port that "10.0.0.5" listens on.',
    );
  });
});

describe('a list of addresses', () => {
  it('is parted by commas, in order, each address once', () => {
    expect(parseAddressList('b:2, a:1,b:2', 'register')).toEqual([
      { host: 'b', port: 2 },
      { host: 'a', port: 1 },
    ]);
  });

  it.each(['', 'a:1,', ',a:1', 'a:1;b:2'])('"%s" is refused', (text) => {
    expect(() => parseAddressList(text, 'register')).toThrow(InvalidOptionError);
  });

  it('holds each address to the rules', () => {
    expect(() => parseAddressList('a:1,b:0', 'register', { dialled: true })).toThrow('has port 0');
  });
});

describe('a host', () => {
  it.each(['127.0.0.1', '127.255.0.1', 'localhost', '::1'])('%s is loopback', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['0.0.0.0', '10.0.0.1', '127.example.com', '::', 'localhost.example.com'])(
    '%s is not loopback',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );

  it('is unspecified when it stands for all interfaces', () => {
    expect(['0.0.0.0', '::', '127.0.0.1', 'localhost'].map(isUnspecified)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
