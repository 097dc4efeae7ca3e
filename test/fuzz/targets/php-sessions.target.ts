import { isDeepStrictEqual } from 'node:util';
import { phpSessionCodec } from '#protocol';
import { attempt, holds, shown, type FuzzTarget } from '../contract.js';
import { PHP_DETAILS, words } from '../seeds.js';

const REFUSALS = new Set(['ERR_NESTWIRE_SERIALIZATION']);
/** What JavaScript read may be what PHP's format cannot say, such as a value that contains itself. */
const UNWRITABLE = new Set(['ERR_NESTWIRE_INVALID_ARGUMENT']);
const OTHER = Buffer.from('a:2:{s:4:"kept";i:1;s:1:"a";a:1:{i:0;i:2;}}');

/** Sessions and details as PHP serializes them: read by workers, merged by gateways as spans of bytes. */
export const phpSessions: FuzzTarget = {
  name: 'php-sessions',
  parsers: ['phpSessionCodec'],
  seeds: [
    ...PHP_DETAILS.session,
    ...words(
      'a:3:{s:1:"a";s:1:"v";s:1:"b";R:2;s:1:"c";R:2;}',
      'a:3:{s:1:"o";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"p";r:2;s:1:"q";a:1:{i:0;r:2;}}',
      'a:2:{s:1:"n";O:8:"stdClass":1:{s:4:"self";r:2;}s:1:"m";r:2;}',
      'a:3:{s:1:"c";C:1:"S":53:{a:2:{s:1:"q";O:8:"stdClass":1:{s:1:"v";i:1;}i:0;i:1;}}s:1:"o";r:4;s:1:"x";i:5;}',
      'a:3:{i:0;E:6:"Suit:H";i:1;r:2;i:2;d:1.0E+25;}',
      'a:3:{i:5;N;i:-3;b:1;s:9:"__proto__";a:1:{s:1:"x";d:NAN;}}',
    ),
  ],
  dictionary: [
    ...words(
      'N;',
      'b:1;',
      'i:0;',
      'i:-9223372036854775808;',
      'd:-INF;',
      'd:0.1;',
      's:1:"a";',
      's:2:"\xff\xfe";',
    ),
    ...words(
      'a:0:{}',
      'a:1:{i:0;',
      '}',
      'O:1:"X":0:{}',
      'C:1:"X":2:{N;}',
      'E:3:"X:Y";',
      'r:2;',
      'R:1;',
      'R:2;',
    ),
    ...words('s:9:"__proto__";'),
  ],
  run(bytes) {
    const { value, code } = attempt(REFUSALS, () => phpSessionCodec.decode(bytes));
    if (code !== undefined) {
      checkRefused(bytes);
      return 'refused';
    }
    checkWritten(bytes, value);
    checkMerged(bytes);
    return 'accepted';
  },
};

/** What no worker can read is not stored either. */
function checkRefused(bytes: Buffer): void {
  const stored = attempt(REFUSALS, () => phpSessionCodec.normalize(bytes));
  holds(stored.code !== undefined, () => `${shown(bytes)} is stored, and cannot be read`);
}

function checkWritten(bytes: Buffer, value: unknown): void {
  const written = attempt(UNWRITABLE, () => phpSessionCodec.encode(value)).value;
  if (written === undefined) return;
  const again = phpSessionCodec.decode(written);
  const twice = phpSessionCodec.encode(again);
  holds(twice.equals(written), () => `${shown(bytes)} is written as ${shown(written)}, then otherwise`);
}

function checkMerged(bytes: Buffer): void {
  const { value: stored } = attempt(REFUSALS, () => phpSessionCodec.normalize(bytes));
  if (stored === undefined) return;
  for (const [one, other] of [
    [OTHER, stored],
    [stored, OTHER],
    [stored, stored],
  ] as const) {
    // References may nest the merged text deeper than any reader goes; that is refused.
    const { value: merged } = attempt(REFUSALS, () => phpSessionCodec.merge(one, other));
    if (merged === undefined) continue;
    holds(merged.length <= one.length + other.length + 64 + merged.length / 2, () => `${shown(bytes)} grows`);
    const normal = phpSessionCodec.normalize(merged);
    holds(normal.equals(merged), () => `${shown(merged)}, merged from ${shown(bytes)}, is not normal`);
    phpSessionCodec.decode(merged);
  }
  const alone = phpSessionCodec.merge(stored, Buffer.alloc(0));
  // Written again: a key that came twice is there once after a merge, which may make a list of what was none.
  holds(
    isDeepStrictEqual(rewritten(alone), rewritten(stored)),
    () => `${shown(stored)} merged with nothing is ${shown(alone)}`,
  );
}

/** Undefined for what PHP's format cannot say. */
function rewritten(bytes: Buffer): Buffer | undefined {
  return attempt(UNWRITABLE, () => phpSessionCodec.encode(phpSessionCodec.decode(bytes))).value;
}
