import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonSessionCodec, phpSessionCodec } from './index.js';
import type { SessionCodec, SessionValue } from './index.js';

const key = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.integer({ min: -20, max: 20 }).map(String),
  fc.constantFrom(
    'a',
    'b',
    'c',
    '__proto__',
    'constructor',
    'toString',
    '-0',
    '05',
    '9223372036854775807',
    '',
  ),
);
const jsonScalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary' }),
);
const phpScalar = fc.oneof(
  jsonScalar,
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from([0xff, ...bytes])),
);

function valueOf(scalar: fc.Arbitrary<SessionValue>): fc.Arbitrary<SessionValue> {
  const { value } = fc.letrec<{ value: SessionValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthIdentifier: 'value' },
      scalar,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));
  return value;
}
function sessionOf(scalar: fc.Arbitrary<SessionValue>): fc.Arbitrary<Record<string, SessionValue>> {
  return fc.dictionary(key, valueOf(scalar), { maxKeys: 6, noNullPrototype: true });
}

// Values are compared by Node's deepStrictEqual, which sees -0 and a __proto__ that is a property.

/** What PHP cannot tell apart: an object with the keys of a list is a list, and a small bigint a number. */
function asPhpSays(value: SessionValue, isTop = true): SessionValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).map(([name, item]) => [name, asPhpSays(item, false)] as const);
  const isList = entries.every(([name], index) => name === String(index)) && (!isTop || entries.length > 0);
  return isList ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

function entriesOf(value: SessionValue): [string, SessionValue][] {
  return Object.entries(value ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
}

function mergeEqualsSpread(codec: SessionCodec, scalar: fc.Arbitrary<SessionValue>): void {
  fc.assert(
    fc.property(sessionOf(scalar), sessionOf(scalar), (current, patch) => {
      const merged = codec.merge(codec.encode(current), codec.encode(patch));
      const spread = codec.decode(codec.encode({ ...current, ...patch }));
      deepStrictEqual(entriesOf(codec.decode(merged)), entriesOf(spread));
      expect(merged.length === 0).toBe(entriesOf(spread).length === 0);
      expect(codec.normalize(merged)).toEqual(merged);
      expect(codec.merge(merged, codec.encode(patch))).toEqual(merged);
    }),
  );
}

describe('any session', () => {
  it('comes back from JSON as it was', () => {
    fc.assert(
      fc.property(valueOf(jsonScalar), (value) => {
        deepStrictEqual(jsonSessionCodec.decode(jsonSessionCodec.encode(value)), value);
      }),
    );
  });

  it('comes back from PHP as it was, apart from what PHP cannot tell', () => {
    fc.assert(
      fc.property(valueOf(phpScalar), (value) => {
        deepStrictEqual(phpSessionCodec.decode(phpSessionCodec.encode(value)), asPhpSays(value));
      }),
    );
  });

  it('is written by PHP codec as it was read', () => {
    fc.assert(
      fc.property(sessionOf(phpScalar), (value) => {
        const bytes = phpSessionCodec.encode(asPhpSays(value));
        expect(phpSessionCodec.encode(phpSessionCodec.decode(bytes))).toEqual(bytes);
      }),
    );
  });

  it('merged in JSON is {...current, ...patch}, and merging again changes nothing', () => {
    mergeEqualsSpread(jsonSessionCodec, jsonScalar);
  });

  it('merged in PHP is {...current, ...patch}, and merging again changes nothing', () => {
    mergeEqualsSpread(phpSessionCodec, phpScalar);
  });
});
