import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.js';
import { MAX_NESTING, phpSessionCodec } from './index.js';
import type { SessionValue } from './index.js';

function encode(value: unknown): string {
  return phpSessionCodec.encode(value).toString('latin1');
}
function decode(text: string): SessionValue {
  return phpSessionCodec.decode(Buffer.from(text, 'latin1'));
}
function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was thrown');
}
const malformed = expect.objectContaining({ name: 'ProtocolError', code: 'ERR_NESTWIRE_SERIALIZATION' });

/** Keys and text as serialize() of PHP 8.2 wrote them. */
const keysOfPhp = [
  ['-9223372036854775808', 'a:1:{i:-9223372036854775808;i:1;}'],
  ['9223372036854775807', 'a:1:{i:9223372036854775807;i:1;}'],
  ['9223372036854775808', 'a:1:{s:19:"9223372036854775808";i:1;}'],
  ['-9223372036854775809', 'a:1:{s:20:"-9223372036854775809";i:1;}'],
  ['-0', 'a:1:{s:2:"-0";i:1;}'],
  ['05', 'a:1:{s:2:"05";i:1;}'],
  ['+5', 'a:1:{s:2:"+5";i:1;}'],
  ['5', 'a:1:{i:5;i:1;}'],
  ['-5', 'a:1:{i:-5;i:1;}'],
  ['1e3', 'a:1:{s:3:"1e3";i:1;}'],
  [' 1', 'a:1:{s:2:" 1";i:1;}'],
  ['', 'a:1:{s:0:"";i:1;}'],
] as const;

/** Floats as serialize() of PHP 8.2 wrote them. */
const floatsOfPhp = [
  [0.1 + 0.2, 'd:0.30000000000000004;'],
  [0.0001, 'd:0.0001;'],
  [0.00001, 'd:1.0E-5;'],
  [0.00012345, 'd:0.00012345;'],
  [1.5e-7, 'd:1.5E-7;'],
  [5e-324, 'd:5.0E-324;'],
  [2 ** 53, 'd:9007199254740992;'],
  [1e16, 'd:10000000000000000;'],
  [99_999_999_999_999_980, 'd:99999999999999980;'],
  [1e17, 'd:1.0E+17;'],
  [2 ** 63, 'd:9.223372036854776E+18;'],
  [1e21, 'd:1.0E+21;'],
  [1e25, 'd:1.0E+25;'],
  [-1.5e300, 'd:-1.5E+300;'],
  [-0, 'd:-0;'],
  [Number.NaN, 'd:NAN;'],
  [Infinity, 'd:INF;'],
  [-Infinity, 'd:-INF;'],
] as const;

describe('writing PHP sessions', () => {
  it.each(keysOfPhp)('key %j becomes %s', (key, text) => {
    expect(encode({ [key]: 1 })).toBe(text);
    expect(decode(text)).toEqual({ [key]: 1 });
  });

  it.each(floatsOfPhp)('float %d becomes %s', (value, text) => {
    expect(encode(value)).toBe(text);
    expect(decode(text)).toBe(value);
  });

  it('writes safe integers and bigints as integers', () => {
    expect(encode([2 ** 53 - 1, -5, 0, 7n, 2n ** 63n - 1n])).toBe(
      'a:5:{i:0;i:9007199254740991;i:1;i:-5;i:2;i:0;i:3;i:7;i:4;i:9223372036854775807;}',
    );
  });

  it('counts the length of strings in bytes', () => {
    expect(phpSessionCodec.encode({ ключ: '☃' }).toString()).toBe('a:1:{s:8:"ключ";s:3:"☃";}');
  });

  it('writes raw bytes as a string', () => {
    expect(encode({ a: Buffer.from('\xff\0"', 'latin1'), b: new Uint8Array([0x80]) })).toBe(
      'a:2:{s:1:"a";s:3:"\xff\0"";s:1:"b";s:1:"\x80";}',
    );
  });

  it('writes {} and [] as the empty array', () => {
    expect(phpSessionCodec.encode({})).toEqual(phpSessionCodec.empty);
    expect(phpSessionCodec.encode([])).toEqual(phpSessionCodec.empty);
    expect(phpSessionCodec.encode(null)).toEqual(phpSessionCodec.none);
  });

  it('treats undefined, dates and instances as JSON.stringify does', () => {
    class User {
      readonly #secret = 1;
      constructor(readonly id: number) {}
      reveal(): number {
        return this.#secret;
      }
    }
    expect(encode({ a: undefined, b: [undefined], c: new Date(0), d: new User(7) })).toBe(
      'a:3:{s:1:"b";a:1:{i:0;N;}s:1:"c";s:24:"1970-01-01T00:00:00.000Z";s:1:"d";a:1:{s:2:"id";i:7;}}',
    );
  });

  it('writes __proto__ as a key like any other', () => {
    const value: unknown = JSON.parse('{"__proto__":{"x":1}}');
    expect(encode(value)).toBe('a:1:{s:9:"__proto__";a:1:{s:1:"x";i:1;}}');
  });

  const cycle: unknown[] = [];
  cycle.push({ inner: cycle });
  it.each([
    ['a function', { on: { close: () => 1 } }, 'value.on.close', 'is a function'],
    ['a symbol', [Symbol('x')], 'value[0]', 'is a symbol'],
    ['a cycle', cycle, 'value[0].inner', 'contains itself'],
    ['a Map', { 'a-b': new Map() }, 'value["a-b"]', 'is a Map'],
    ['an Error', new Error('x'), 'value', 'is a Error'],
    ['a too big bigint', [2n ** 63n], 'value[0]', 'String(value)'],
    ['half a surrogate pair', { a: '\ud83d' }, 'value.a', 'toWellFormed()'],
    ['undefined', undefined, 'value', 'is undefined'],
  ])('refuses %s and names the place', (_, value, argument, problem) => {
    const refused = thrownBy(() => phpSessionCodec.encode(value));
    expect(refused).toBeInstanceOf(InvalidArgumentError);
    expect(refused).toMatchObject({ argument, code: 'ERR_NESTWIRE_INVALID_ARGUMENT' });
    expect(refused).toHaveProperty('message', expect.stringContaining(problem));
  });

  it('writes exactly as deep as it reads', () => {
    let value: unknown = 1;
    for (let level = 0; level < MAX_NESTING; level += 1) value = [value];
    expect(phpSessionCodec.decode(phpSessionCodec.encode(value))).toEqual(value);
    expect(() => phpSessionCodec.encode([value])).toThrow(InvalidArgumentError);
  });
});

describe('reading PHP sessions', () => {
  it('reads integers beyond 2^53 as bigint', () => {
    expect(decode('a:2:{i:0;i:9007199254740993;i:1;i:-9007199254740991;}')).toEqual([
      9007199254740993n,
      -9007199254740991,
    ]);
  });

  it('reads a string that is not UTF-8 as bytes that can be written back', () => {
    const text = 'a:1:{i:0;s:4:"caf\xe9";}';
    expect(decode(text)).toEqual([Buffer.from('caf\xe9', 'latin1')]);
    expect(encode(decode(text))).toBe(text);
  });

  it('reads a key that is not UTF-8 as a name that can be written back', () => {
    const text = 'a:1:{s:4:"caf\xe9";i:1;}';
    expect(Object.keys(decode(text) ?? {})).toEqual(['caf\udce9']);
    expect(encode(decode(text))).toBe(text);
    expect(() => encode({ '\udcc3\udca9': 1 })).toThrow(InvalidArgumentError); // would be "é" to its readers
  });

  it('shares no memory with the bytes it read', () => {
    const bytes = Buffer.from('s:2:"\xff\xfe";', 'latin1');
    const value = phpSessionCodec.decode(bytes);
    bytes.fill(0);
    expect(value).toEqual(Buffer.from([0xff, 0xfe]));
  });

  it('reads arrays with the keys 0 to n-1 in order as lists, and others as objects', () => {
    expect(decode('a:2:{i:0;s:1:"a";i:1;s:1:"b";}')).toEqual(['a', 'b']);
    expect(decode('a:2:{i:1;s:1:"a";i:0;s:1:"b";}')).toEqual({ 0: 'b', 1: 'a' });
    expect(decode('a:1:{s:1:"0";s:1:"a";}')).toEqual({ 0: 'a' });
  });

  it('reads an empty array as {} at the top, where it is a session, and as [] inside', () => {
    expect(decode('')).toEqual({});
    expect(decode('a:0:{}')).toEqual({});
    expect(decode('a:1:{s:1:"a";a:0:{}}')).toEqual({ a: [] });
  });

  it('reads objects as plain ones, with private and protected properties under their own names', () => {
    expect(decode('O:1:"P":3:{s:4:"\0P\0x";i:7;s:4:"\0*\0y";i:2;s:1:"z";i:3;}')).toEqual({
      x: 7,
      y: 2,
      z: 3,
    });
    expect(decode('O:8:"stdClass":0:{}')).toEqual({});
    expect(decode('O:8:"stdClass":1:{i:0;i:1;}')).toEqual({ 0: 1 });
  });

  it('reads enums as their name and objects that wrote themselves as what they wrote', () => {
    expect(decode('a:2:{i:0;E:6:"Suit:H";i:1;r:2;}')).toEqual(['Suit:H', 'Suit:H']);
    expect(decode('C:1:"B":6:{raw;}x}')).toBe('raw;}x');
    expect(decode('a:2:{i:0;C:1:"S":8:{a:0:{}N;}i:1;C:1:"S":4:{i:7;}}')).toEqual([[[], null], 7]);
    expect(
      decode('a:2:{s:1:"c";C:1:"S":49:{a:2:{i:0;O:8:"stdClass":1:{s:1:"v";i:1;}i:1;r:4;}}s:1:"z";r:4;}'),
    ).toEqual({ c: [{ v: 1 }, { v: 1 }], z: { v: 1 } });
  });

  it('reads references as the value they point at', () => {
    expect(decode('a:3:{s:1:"a";s:1:"v";s:1:"b";R:2;s:1:"c";R:2;}')).toEqual({ a: 'v', b: 'v', c: 'v' });
    const cycle: unknown = decode('a:2:{s:1:"n";O:8:"stdClass":1:{s:4:"self";r:2;}s:1:"m";r:2;}');
    expect(cycle).toHaveProperty('n.self.self.self');
    const { n, m } = Object.fromEntries(Object.entries(cycle ?? {}));
    expect(m).toBe(n);
    expect(Object.values(n ?? {})).toEqual([n]);
  });

  it('reads __proto__ as a property of its own', () => {
    const value = decode('a:1:{s:9:"__proto__";a:1:{s:5:"admin";b:1;}}') ?? {};
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Reflect.get({}, 'admin')).toBeUndefined();
  });

  it('reads every spelling of numbers that PHP reads', () => {
    const text = 'a:7:{i:0;d:.5;i:1;d:1.;i:2;d:1e5;i:3;d:+1;i:4;i:05;i:5;i:+5;i:6;i:-0;}';
    expect(decode(text)).toEqual([0.5, 1, 100_000, 1, 5, 5, 0]);
  });

  it.each([
    ['nothing but a type', 'i'],
    ['an unknown type', 'x:1;'],
    ['a lower-case null', 'n;'],
    ['trailing bytes', 'N;N;'],
    ['a boolean that is none', 'b:2;'],
    ['an integer beyond 64 bits', 'i:9223372036854775808;'],
    ['an integer without digits', 'i:-;'],
    ['a float that is none', 'd:-NAN;'],
    ['a float with a comma', 'd:1,5;'],
    ['a string that is too short', 's:3:"ab";'],
    ['a string that is too long', 's:1:"ab";'],
    ['a signed length', 's:+1:"a";'],
    ['a missing length', 's::"";'],
    ['too few entries', 'a:2:{i:0;i:1;}'],
    ['too many entries', 'a:1:{i:0;i:1;i:1;i:1;}'],
    ['an entry without value', 'a:1:{i:0;}'],
    ['a float key', 'a:1:{d:1;i:1;}'],
    ['a boolean key', 'a:1:{b:1;i:1;}'],
    ['an integer key beyond 64 bits', 'a:1:{i:9223372036854775808;i:1;}'],
    ['a semicolon after an array', 'a:0:{};'],
    ['an enum without case', 'E:4:"Suit";'],
    ['an object without class', 'O:0:"":0:{}'],
    ['a class name that is none', 'O:3:"a b":0:{}'],
    ['a payload that is too short', 'C:1:"B":3:{ab}'],
    ['a reference to nothing', 'a:1:{i:0;R:2;}'],
    ['a reference to slot 0', 'a:1:{i:0;R:0;}'],
    ['a reference forwards', 'a:2:{i:0;R:3;i:1;i:1;}'],
    ['an object reference to itself', 'a:1:{i:0;r:2;}'],
    ['an object reference to a scalar', 'a:2:{i:0;i:5;i:1;r:2;}'],
    ['a reference alone', 'R:1;'],
  ])('refuses %s', (_, text) => {
    expect(() => decode(text)).toThrow(malformed);
    expect(() => phpSessionCodec.normalize(Buffer.from(text))).toThrow(malformed);
  });

  it('says what is wrong and where', () => {
    expect(() => decode('a:1:{i:0;x:1;}')).toThrow(
      'Not a well-formed PHP session: an unknown type at byte 9',
    );
  });
});

describe('storing PHP sessions', () => {
  it('stores an empty session as zero bytes', () => {
    for (const text of ['', 'a:0:{}', 'N;']) {
      expect(phpSessionCodec.normalize(Buffer.from(text))).toHaveLength(0);
    }
  });

  it('stores a copy with memory of its own', () => {
    const bytes = Buffer.from('a:1:{i:0;d:1;}');
    const stored = phpSessionCodec.normalize(bytes);
    bytes.fill(0);
    expect(stored.toString()).toBe('a:1:{i:0;d:1;}');
    expect(stored.buffer.byteLength).toBe(stored.length);
  });

  it.each(['i:5;', 's:1:"a";', 'O:8:"stdClass":0:{}'])('refuses %s, which is no array', (text) => {
    expect(() => phpSessionCodec.normalize(Buffer.from(text))).toThrow(malformed);
  });
});
