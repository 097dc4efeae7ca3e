import { describe, expect, it } from 'vitest';
import { GatewayPool } from '#api';
import { Gateway } from '#gateway';
import { silentLog } from '#link';
import { InvalidOptionError } from '#protocol';
import { RegisterServer, StaticMembership } from '#register';
import { readEnvironment, withVariableNames, type Environment } from './environment.js';

function refusal(variables: NodeJS.ProcessEnv): string {
  try {
    readEnvironment(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    return error instanceof Error ? error.message : '';
  }
  return 'accepted';
}

describe('NESTWIRE_SECRET', () => {
  const secretOf = (text: string): Environment['secret'] => readEnvironment({ NESTWIRE_SECRET: text }).secret;

  it('is one secret', () => {
    expect(secretOf('s3cret')).toBe('s3cret');
    expect(secretOf('  s3cret ')).toBe('s3cret');
    expect(secretOf('')).toBe('');
    expect(readEnvironment({}).secret).toBe('');
  });

  it('is several parted by commas while it is being changed', () => {
    expect(secretOf('new,old')).toEqual(['new', 'old']);
    expect(secretOf(' new , old ')).toEqual(['new', 'old']);
  });

  it.each([
    ['register', (secret: string) => new RegisterServer({ listen: '127.0.0.1:0', secret })],
    ['gateway', (secret: string) => new Gateway({ secret }, silentLog)],
    ['worker', (secret: string) => new GatewayPool(new StaticMembership([]), { secret })],
  ])('is what a %s says it refuses, not its own option', (_service, start) => {
    const secret = secretOf('x'.repeat(5_000)) as string;
    let message = '';
    try {
      start(secret);
    } catch (error) {
      message = withVariableNames((error as Error).message);
    }
    expect(message).toMatch(/^Option "NESTWIRE_SECRET" must be at most/);
  });

  it.each(['new,', ',old', 'new,,old', ',', 'same,same'])(
    'is not %j, which the error does not repeat',
    (secret) => {
      const message = refusal({ NESTWIRE_SECRET: secret });
      expect(message).toBe(
        'Option "NESTWIRE_SECRET" must be one secret, or several different ones parted by commas, such as the new and the ' +
          'old one while it is being changed.',
      );
    },
  );

  it('must be there when others can reach a port, and may be a list then', () => {
    const NESTWIRE_LAN = '10.0.0.5:9108';
    expect(refusal({ NESTWIRE_LAN })).toContain(
      'Option "NESTWIRE_SECRET" must not be empty when 10.0.0.5:9108',
    );
    expect(refusal({ NESTWIRE_LAN, NESTWIRE_SECRET: 'new,old' })).toBe('accepted');
  });
});

describe('NESTWIRE_ADVERTISE', () => {
  it.each([
    ['10.0.0.5:9108', { host: '10.0.0.5', port: 9108 }],
    ['[fe80::1]:9108', { host: 'fe80::1', port: 9108 }],
    ['gateway-1.example:9108', { host: 'gateway-1.example', port: 9108 }],
  ])('may be %s', (text, address) => {
    expect(readEnvironment({ NESTWIRE_ADVERTISE: text }).advertise).toEqual(address);
  });

  it.each(['[fe80::1]:9108', 'gateway-1.example:9108'])(
    'must be IPv4 in interop, and not %s',
    (NESTWIRE_ADVERTISE) => {
      expect(refusal({ NESTWIRE_ADVERTISE, NESTWIRE_INTEROP: 'swoole-worker' })).toContain(
        'Option "NESTWIRE_ADVERTISE" must have an IPv4 address for its host',
      );
    },
  );

  it('may be IPv4 in interop', () => {
    const variables = { NESTWIRE_ADVERTISE: '10.0.0.5:9108', NESTWIRE_INTEROP: 'swoole-worker' };
    expect(readEnvironment(variables).advertise).toEqual({ host: '10.0.0.5', port: 9108 });
  });

  it.each(['0.0.0.0:9108', '[::]:9108'])('must not be %s, where nobody can connect', (NESTWIRE_ADVERTISE) => {
    expect(refusal({ NESTWIRE_ADVERTISE })).toContain('which nobody can dial. Write the address by which');
  });

  it('is where the gateway listens when it is left out', () => {
    expect(readEnvironment({}).advertise).toBeUndefined();
  });
});

describe('NESTWIRE_ACCEPTS', () => {
  it.each([
    ['', 2_000],
    ['0', 0],
    ['500', 500],
  ])('%j is %d clients a second', (text, accepts) => {
    expect(readEnvironment({ NESTWIRE_ACCEPTS: text }).accepts).toBe(accepts);
  });

  it.each(['-1', '1.5', 'many'])('is not %s', (text) => {
    expect(refusal({ NESTWIRE_ACCEPTS: text })).toContain('must be a whole number of clients a second');
  });
});
