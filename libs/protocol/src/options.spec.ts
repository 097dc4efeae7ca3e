import { describe, expect, it } from 'vitest';
import { InvalidOptionError, NestwireError } from './errors.js';
import {
  anything,
  closest,
  milliseconds,
  oneOf,
  resolveOptions,
  text,
  wholeNumber,
  type OptionChecks,
} from './options.js';

interface SampleOptions {
  readonly pingIntervalMs: number;
  readonly maxFrameBytes: number;
  readonly format: 'json' | 'php';
  readonly secret?: string;
}

const DEFAULTS: SampleOptions = { pingIntervalMs: 30_000, maxFrameBytes: 1024, format: 'json' };
const CHECKS: OptionChecks<SampleOptions> = {
  pingIntervalMs: wholeNumber(0),
  maxFrameBytes: wholeNumber(8, 65_536),
  format: oneOf('json', 'php'),
  secret: (value) => (value === undefined ? undefined : text(value)),
};

function resolve(given: object): SampleOptions {
  return resolveOptions('sample', DEFAULTS, given, CHECKS);
}

function refusal(given: object): InvalidOptionError {
  try {
    resolve(given);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    return error as InvalidOptionError;
  }
  throw new Error('Nothing was thrown');
}

describe('resolveOptions', () => {
  it('gives the defaults when nothing is given', () => {
    expect(resolve({})).toEqual(DEFAULTS);
  });

  it('lays what is given over the defaults, and changes neither', () => {
    const given = Object.freeze({ format: 'php', secret: 's' });
    expect(resolve(given)).toEqual({
      pingIntervalMs: 30_000,
      maxFrameBytes: 1024,
      format: 'php',
      secret: 's',
    });
    expect(DEFAULTS.format).toBe('json');
    expect(resolve({})).not.toBe(DEFAULTS);
  });

  it('takes undefined for "not given"', () => {
    expect(resolve({ pingIntervalMs: undefined })).toEqual(DEFAULTS);
  });

  it('takes 0 and the empty text for what they are', () => {
    expect(resolve({ pingIntervalMs: 0, secret: '' })).toMatchObject({ pingIntervalMs: 0, secret: '' });
  });

  it.each([
    ['pingIntervallMs', 'pingIntervalMs'],
    ['pingInterval', 'pingIntervalMs'],
    ['MAXFRAMEBYTES', 'maxFrameBytes'],
    ['sercet', 'secret'],
    ['formt', 'format'],
  ])('refuses the unknown name %s and asks for %s', (name, nearest) => {
    const error = refusal({ [name]: 1 });
    expect(error.code).toBe('ERR_NESTWIRE_INVALID_OPTION');
    expect(error.option).toBe(`sample.${name}`);
    expect(error.message).toBe(`Option "sample.${name}" is not known. Did you mean "${nearest}"?`);
  });

  it.each(['constructor', 'toString', '__proto__'])(
    'refuses %s, which every object seems to have',
    (name) => {
      const given = Object.defineProperty({}, name, { value: 1, enumerable: true });
      expect(refusal(given).option).toBe(`sample.${name}`);
    },
  );

  it('refuses an unknown name even when its value is undefined', () => {
    expect(refusal({ sercet: undefined }).option).toBe('sample.sercet');
  });

  it('names the option whose value is refused', () => {
    const error = refusal({ maxFrameBytes: 7 });
    expect(error).toBeInstanceOf(NestwireError);
    expect(error.code).toBe('ERR_NESTWIRE_INVALID_OPTION');
    expect(error.name).toBe('InvalidOptionError');
    expect(error.option).toBe('sample.maxFrameBytes');
    expect(error.message).toBe(
      'Option "sample.maxFrameBytes" must be a whole number from 8 to 65536, not 7.',
    );
  });

  it('checks the defaults, too', () => {
    expect(() => resolveOptions('sample', { ...DEFAULTS, maxFrameBytes: 1 }, {}, CHECKS)).toThrow(
      InvalidOptionError,
    );
  });
});

describe('the check for whole numbers', () => {
  it.each([
    [0, wholeNumber(0)],
    [Number.MAX_SAFE_INTEGER, wholeNumber(0)],
    [8, wholeNumber(8, 9)],
    [9, wholeNumber(8, 9)],
    [-3, wholeNumber(-3)],
  ])('takes %d', (value, check) => {
    expect(check(value)).toBeUndefined();
  });

  it.each([
    [-1, 'must be a whole number of at least 0, not -1.'],
    [1.5, 'must be a whole number of at least 0, not 1.5.'],
    [Number.NaN, 'must be a whole number of at least 0, not NaN.'],
    [Number.POSITIVE_INFINITY, 'must be a whole number of at least 0, not Infinity.'],
    [2 ** 53, 'must be a whole number of at least 0, not 9007199254740992.'],
    ['5', 'must be a whole number of at least 0, not "5".'],
    [null, 'must be a whole number of at least 0, not null.'],
    [undefined, 'must be a whole number of at least 0, not undefined.'],
    [5n, 'must be a whole number of at least 0, not 5.'],
    [() => 5, 'must be a whole number of at least 0, not a function.'],
    [Symbol('five'), 'must be a whole number of at least 0, not Symbol(five).'],
    [{ ms: 5 }, 'must be a whole number of at least 0, not {"ms":5}.'],
  ])('refuses %o', (value, problem) => {
    expect(wholeNumber(0)(value)).toBe(problem);
  });

  it('says the range when it has two ends', () => {
    expect(wholeNumber(8, 9)(10)).toBe('must be a whole number from 8 to 9, not 10.');
    expect(wholeNumber(8, 9)(7)).toBe('must be a whole number from 8 to 9, not 7.');
  });

  it('says its problem with what cannot be shown', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(wholeNumber(0)(cycle)).toBe('must be a whole number of at least 0, not an object.');
    expect(wholeNumber(0)({ big: 1n })).toBe('must be a whole number of at least 0, not an object.');
  });
});

describe('the other checks', () => {
  it('take one of the allowed values, and name them all otherwise', () => {
    const check = oneOf('json', 'php', undefined, 0);
    for (const value of ['json', 'php', undefined, 0]) expect(check(value)).toBeUndefined();
    expect(check('xml')).toBe('must be "json" or "php" or undefined or 0, not "xml".');
    expect(check(null)).toBe('must be "json" or "php" or undefined or 0, not null.');
  });

  it('take no time that a timer cannot wait', () => {
    const check = milliseconds(1);
    for (const value of [1, 2_147_483_647]) expect(check(value)).toBeUndefined();
    for (const value of [0, 2_147_483_648, 1.5, '1']) {
      expect(check(value)).toBe(`must be a whole number from 1 to 2147483647, not ${JSON.stringify(value)}.`);
    }
  });

  it('take any string for a text, and nothing else', () => {
    expect(text('')).toBeUndefined();
    expect(text('x')).toBeUndefined();
    expect(text(5)).toBe('must be a string, not 5.');
    expect(text(undefined)).toBe('must be a string, not undefined.');
  });

  it('take anything', () => {
    expect(anything(undefined)).toBeUndefined();
    expect(anything(() => 1)).toBeUndefined();
  });
});

describe('closest', () => {
  it('is the word that takes the fewest edits, whatever the case', () => {
    const known = ['listen', 'lan', 'register', 'secret'];
    expect(closest('registr', known)).toBe('register');
    expect(closest('LAM', known)).toBe('lan');
    expect(closest('secrets', known)).toBe('secret');
    expect(closest('Listener', known)).toBe('listen');
  });

  it('is the first of two that are as near', () => {
    expect(closest('bat', ['cat', 'hat'])).toBe('cat');
  });

  it('is nothing when nothing is known', () => {
    expect(closest('x', [])).toBe('');
  });
});
