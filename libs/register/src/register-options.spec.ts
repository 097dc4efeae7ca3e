import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '#protocol';
import { DEFAULT_REGISTER_OPTIONS, RegisterServer, type RegisterOptions } from '#register';

function messageOf(options: Partial<RegisterOptions>): string {
  try {
    return new RegisterServer(options) instanceof RegisterServer ? 'accepted' : '';
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    return error instanceof Error ? error.message : '';
  }
}

describe('the options of a register', () => {
  it('have defaults that work on one machine', () => {
    expect(DEFAULT_REGISTER_OPTIONS).toEqual({
      listen: '127.0.0.1:9327',
      secret: '',
      protocol: 'nestwire',
      name: `${hostname()}/${process.pid}`,
      announceTimeoutMs: 3_000,
      silenceTimeoutMs: 60_000,
      maxLinks: 10_000,
    });
    expect(messageOf({})).toBe('accepted');
  });

  it.each(['127.0.0.1:9327', '127.0.0.2:9327', 'localhost:9327', '[::1]:9327'])(
    'allow an empty secret on %s',
    (listen) => {
      expect(messageOf({ listen })).toBe('accepted');
    },
  );

  it.each(['0.0.0.0', '10.0.0.5', 'register'])(
    'refuse an empty secret on %s, and say what to write',
    (host) => {
      expect(messageOf({ listen: `${host}:9327` })).toBe(
        `Option "register.secret" must not be empty when the register listens on ${host}, where other machines reach it. ` +
          'Set the same long random text on every node (openssl rand -hex 32 makes one), or listen on 127.0.0.1.',
      );
      expect(messageOf({ listen: `${host}:9327`, secret: 's3cret' })).toBe('accepted');
    },
  );

  it.each([
    [
      { listen: '9327' },
      'Option "register.listen" must be written as host:port, such as 127.0.0.1:9327, not "9327".',
    ],
    [
      { announceTimeoutMs: 0 },
      'Option "register.announceTimeoutMs" must be a whole number from 1 to 2147483647, not 0.',
    ],
    [
      { silenceTimeoutMs: -1 },
      'Option "register.silenceTimeoutMs" must be a whole number from 0 to 2147483647, not -1.',
    ],
    [{ maxLinks: 0 }, 'Option "register.maxLinks" must be a whole number of at least 1, not 0.'],
  ])('refuse %j', (options, message) => {
    expect(messageOf(options)).toBe(message);
  });

  it('refuse a name that none of them has, and values of another type', () => {
    expect(messageOf(JSON.parse('{"secrets": "x"}'))).toBe(
      'Option "register.secrets" is not known. Did you mean "secret"?',
    );
    expect(messageOf(JSON.parse('{"secret": 7}'))).toBe(
      'Option "register.secret" must be a string, the same one on every node, or a list of such strings while it is being changed.',
    );
    expect(messageOf(JSON.parse('{"listen": 9327}'))).toBe(
      'Option "register.listen" must be a string, not 9327.',
    );
  });
});
