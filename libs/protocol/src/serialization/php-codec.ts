import { joinOwned, malformed, viewOf } from './bytes.js';
import { mergePhp } from './php-merge.js';
import { readPhp } from './php-reader.js';
import { scanPhp } from './php-scanner.js';
import type { PhpDocument } from './php-nodes.js';
import type { SessionCodec } from './session-codec.js';
import { writePhp } from './php-writer.js';

/**
 * Sessions as PHP's serialize(), for clusters that a PHP gateway or worker is part of.
 *
 * What JavaScript cannot tell apart changes when a worker reads a session and writes it again: `d:1;` becomes
 * `i:1;`, objects become arrays, shared values become copies, and integer keys move to the front in ascending
 * order. UpdateSession with the changed entries alone leaves the others as they are.
 */
export const phpSessionCodec: SessionCodec = {
  name: 'php',
  empty: Buffer.from('a:0:{}'),
  none: Buffer.from('N;'),

  encode: writePhp,
  encodePlain: writePhp,

  decode: (bytes) => (bytes.length === 0 ? {} : readPhp(viewOf(bytes))),

  merge: (current, patch) =>
    mergePhp([scanSession(current), scanSession(patch)].filter((text) => text !== undefined)),

  normalize(bytes) {
    const document = scanSession(bytes);
    return joinOwned(document === undefined ? [] : [document.bytes]);
  },
};

/** The session in the bytes, or undefined when there is none or it is empty. */
function scanSession(bytes: Uint8Array): PhpDocument | undefined {
  if (bytes.length === 0) return undefined;
  const document = scanPhp(viewOf(bytes));
  const { root } = document;
  if (root.type === 'null') return undefined;
  if (root.type !== 'array') throw malformed('PHP', 'no array', 0);
  return root.keys.length === 0 ? undefined : document;
}
