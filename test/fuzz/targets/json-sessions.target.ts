import { isUtf8 } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import { jsonSessionCodec, MAX_NESTING } from '#protocol';
import { attempt, holds, type FuzzTarget } from '../contract.js';
import { words } from '../seeds.js';

const REFUSALS = new Set(['ERR_NESTWIRE_SERIALIZATION']);
const OTHER = Buffer.from('{"kept":1,"a":[2]}');
/** Deeper than any nesting that a reader accepts: such a text may be refused although it is JSON. */
const MANY_BRACKETS = new RegExp(`^(?:[^[{]*[[{]){${MAX_NESTING}}`);

/** Sessions and details as JSON: read by workers, merged by gateways without being decoded. */
export const jsonSessions: FuzzTarget = {
  name: 'json-sessions',
  parsers: ['jsonSessionCodec'],
  seeds: words(
    '{"a":[1,2.5e-7,"\\u00e9\\n"],"b":{"c":null,"d":true},"__proto__":{"x":false}}',
    ' [ "text" , { } , [ ] , -0 ] ',
    '{"a":1,"\\u0061":2}',
    'null',
  ),
  dictionary: words(
    '"__proto__":',
    '\\u0061',
    '1e999',
    '-0',
    'true',
    'false',
    'null',
    '[[[[',
    '\xf0\x9f\x92\xa1',
  ),
  run(bytes) {
    const { value, code } = attempt(REFUSALS, () => jsonSessionCodec.decode(bytes));
    const parsed = parsedByPlatform(bytes);
    if (code !== undefined) {
      const isTooDeep = MANY_BRACKETS.test(bytes.toString('latin1'));
      holds(parsed === undefined || isTooDeep, () => `${bytes.toString()} is refused, and is JSON`);
      return 'refused';
    }
    if (bytes.length > 0)
      holds(isDeepStrictEqual(parsed?.value, value), () => `${bytes.toString()} reads otherwise`);
    checkStored(bytes, value);
    return 'accepted';
  },
};

/** What a gateway makes of it is what a worker reads: stored as it is, and merged entry by entry. */
function checkStored(bytes: Buffer, value: unknown): void {
  const isObject = typeof value === 'object' && value !== null;
  const stored = attempt(REFUSALS, () => jsonSessionCodec.normalize(bytes));
  const isStorable = isObject || value === null;
  holds((stored.code === undefined) === isStorable, () => `${bytes.toString()} is stored as ${stored.code}`);
  if (!isObject || Array.isArray(value)) return;
  const merged = jsonSessionCodec.merge(OTHER, bytes);
  const expected = { kept: 1, a: [2], ...value };
  // A spread defines `__proto__`, as JSON.parse does: it is a key like any other.
  holds(
    isDeepStrictEqual(jsonSessionCodec.decode(merged), expected),
    () => `${bytes.toString()} is merged as ${merged.toString()}`,
  );
  holds(jsonSessionCodec.normalize(merged).equals(merged), () => `${merged.toString()} is not normal`);
}

function parsedByPlatform(bytes: Buffer): { readonly value: unknown } | undefined {
  if (!isUtf8(bytes)) return undefined;
  try {
    return { value: JSON.parse(bytes.toString()) };
  } catch {
    return undefined; // no JSON: what the codec must say, too
  }
}
