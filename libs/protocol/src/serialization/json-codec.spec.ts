import { describe, expect, it } from 'vitest';
import { InvalidArgumentError } from '../errors.js';
import { jsonSessionCodec, MAX_NESTING } from './index.js';

function merge(current: string, patch: string): string {
  return jsonSessionCodec.merge(Buffer.from(current), Buffer.from(patch)).toString();
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

describe('writing JSON sessions', () => {
  it('writes what JSON.stringify writes', () => {
    const value = {
      a: [1, -2.5, 1e25, '\ud83d"\n☃', true, null, undefined],
      b: undefined,
      c: new Date(0),
      d: {},
    };
    expect(jsonSessionCodec.encode(value).toString()).toBe(JSON.stringify(value));
  });

  it('writes -0, which JSON.stringify loses', () => {
    expect(jsonSessionCodec.decode(jsonSessionCodec.encode([-0]))).toEqual([-0]);
  });

  it('writes holes in a list as null', () => {
    const list: unknown[] = [];
    list[2] = 1;
    expect(jsonSessionCodec.encode(list).toString()).toBe('[null,null,1]');
  });

  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  it.each([
    ['NaN', { score: Number.NaN }, 'value.score', 'NaN'],
    ['Infinity', [Infinity], 'value[0]', 'Infinity'],
    ['a bigint', { id: 1n }, 'value.id', 'String(value)'],
    ['bytes', { raw: Buffer.from('x') }, 'value.raw', 'base64'],
    ['a function', { f: () => 1 }, 'value.f', 'is a function'],
    ['a Set', { s: new Set() }, 'value.s', 'is a Set'],
    ['a cycle', cycle, 'value.self', 'contains itself'],
  ])('refuses %s and names the place', (_, value, argument, problem) => {
    const refused = thrownBy(() => jsonSessionCodec.encode(value));
    expect(refused).toBeInstanceOf(InvalidArgumentError);
    expect(refused).toMatchObject({ argument, code: 'ERR_NESTWIRE_INVALID_ARGUMENT' });
    expect(refused).toHaveProperty('message', expect.stringContaining(problem));
  });

  it('accepts the same object twice when it is no cycle', () => {
    const shared = { x: 1 };
    expect(jsonSessionCodec.encode([shared, shared]).toString()).toBe('[{"x":1},{"x":1}]');
  });

  it('writes exactly as deep as it reads', () => {
    let value: unknown = 1;
    for (let level = 0; level < MAX_NESTING; level += 1) value = { value };
    expect(jsonSessionCodec.decode(jsonSessionCodec.encode(value))).toEqual(value);
    expect(() => jsonSessionCodec.encode([value])).toThrow(InvalidArgumentError);
  });
});

describe('reading JSON sessions', () => {
  it('reads zero bytes as the empty session and null as none', () => {
    expect(jsonSessionCodec.decode(new Uint8Array())).toEqual({});
    expect(jsonSessionCodec.decode(jsonSessionCodec.empty)).toEqual({});
    expect(jsonSessionCodec.decode(jsonSessionCodec.none)).toBeNull();
  });

  it('reads a view into a larger buffer', () => {
    expect(jsonSessionCodec.decode(new Uint8Array(Buffer.from('xx{"a":1}xx')).subarray(2, 9))).toEqual({
      a: 1,
    });
  });

  it('reads __proto__ as a property of its own', () => {
    const value = jsonSessionCodec.decode(Buffer.from('{"__proto__":{"admin":true}}'));
    expect(Object.keys(value ?? {})).toEqual(['__proto__']);
    expect(Reflect.get({}, 'admin')).toBeUndefined();
  });

  it.each([
    '{',
    '}',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '[1,]',
    '[1 2]',
    '[',
    '{}{}',
    '01',
    '-',
    '1.',
    '.5',
    '1e',
    '+1',
    'nul',
    'nullx',
    'NaN',
    'undefined',
    '"a',
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    '"\\u12',
    '\ufeff{}',
    ' ',
  ])('refuses %j', (text) => {
    expect(() => jsonSessionCodec.decode(Buffer.from(text))).toThrow(malformed);
    expect(() => jsonSessionCodec.normalize(Buffer.from(text))).toThrow(malformed);
  });

  it('refuses wrong UTF-8 instead of replacing it', () => {
    expect(() => jsonSessionCodec.decode(Buffer.from('{"a":"\xff"}', 'latin1'))).toThrow(malformed);
  });
});

describe('UpdateSession on JSON sessions', () => {
  it('replaces entries in their place, adds new ones, and copies values as they are', () => {
    expect(merge('{"a":1.0,"b":{ "x":[1,"}"] }}', ' { "c" : 1e400 , "a" : "\\u00e9" } ')).toBe(
      '{"a":"\\u00e9","b":{ "x":[1,"}"] },"c":1e400}',
    );
  });

  it('compares keys by what they say, however they are escaped', () => {
    expect(merge('{"caf\\u00e9":1,"a\\/b":2}', '{"café":3,"a/b":4}')).toBe('{"café":3,"a/b":4}');
  });

  it('keeps the last of two equal keys', () => {
    expect(merge('{"a":1,"b":2,"\\u0061":3}', '')).toBe('{"a":3,"b":2}');
  });

  it('treats zero bytes, {}, [] and null as the empty session', () => {
    for (const none of ['', '{}', ' [ ] ', 'null']) {
      expect(merge(none, '{"a":1}')).toBe('{"a":1}');
      expect(merge('{"a":1}', none)).toBe('{"a":1}');
      expect(merge(none, none)).toBe('');
    }
  });

  it('merges a list by its indexes, as PHP does with its arrays', () => {
    expect(merge('["a","b"]', '{"1":"c","x":1}')).toBe('{"0":"a","1":"c","x":1}');
  });

  it('merges __proto__ as a key like any other', () => {
    expect(merge('{"__proto__":1}', '{"a":2,"__proto__":3}')).toBe('{"__proto__":3,"a":2}');
  });

  it('refuses a session that is no object', () => {
    expect(() => merge('5', '{}')).toThrow(malformed);
    expect(() => merge('{}', '"a"')).toThrow(malformed);
  });
});

describe('storing JSON sessions', () => {
  it('stores an empty session as zero bytes', () => {
    for (const text of ['', '{}', '[]', 'null', ' { } ']) {
      expect(jsonSessionCodec.normalize(Buffer.from(text))).toHaveLength(0);
    }
  });

  it('stores a copy with memory of its own, without the white space around it', () => {
    const bytes = Buffer.from(' {"a": 1} ');
    const stored = jsonSessionCodec.normalize(bytes);
    bytes.fill(0);
    expect(stored.toString()).toBe('{"a": 1}');
    expect(stored.buffer.byteLength).toBe(stored.length);
  });

  it.each(['5', '"a"', 'true'])('refuses %s, which is no object or list', (text) => {
    expect(() => jsonSessionCodec.normalize(Buffer.from(text))).toThrow(malformed);
  });
});
