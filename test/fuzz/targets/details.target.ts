import { isDeepStrictEqual } from 'node:util';
import {
  decodeCloseDetails,
  decodeUpgradeRequest,
  encodeCloseDetails,
  encodeUpgradeRequest,
  jsonSessionCodec,
  phpSessionCodec,
  type SessionCodec,
} from '#protocol';
import { attempt, holds, shown, type FuzzTarget } from '../contract.js';
import { PHP_DETAILS, words } from '../seeds.js';

/** A format for what an Open or a Close event tells of its client. */
interface Details<Value> {
  readonly name: string;
  readonly parsers: readonly string[];
  decode(codec: SessionCodec, bytes: Uint8Array): Value;
  encode(codec: SessionCodec, value: Value): Buffer;
}

const REFUSALS = new Set(['ERR_NESTWIRE_SERIALIZATION', 'ERR_NESTWIRE_MALFORMED']);
/** PHP says text in UTF-8, which has no word for half a surrogate pair. */
const UNWRITABLE = new Set(['ERR_NESTWIRE_INVALID_ARGUMENT']);

/** JSON when it begins like it, and PHP's format otherwise: one corpus for both. */
function codecOf(bytes: Buffer): SessionCodec {
  return bytes[0] === 0x7b ? jsonSessionCodec : phpSessionCodec;
}

function detailsTarget<Value>(format: Details<Value>, seeds: readonly Buffer[]): FuzzTarget {
  const { name, parsers } = format;
  return {
    name,
    parsers,
    seeds: [...seeds, ...seeds.map((seed) => Buffer.from(JSON.stringify(phpSessionCodec.decode(seed))))],
    dictionary: words(
      'N;',
      'i:1;',
      's:0:"";',
      'd:INF;',
      'null',
      '{}',
      '1e999',
      's:9:"__proto__";',
      '"__proto__":',
    ),
    run(bytes) {
      const codec = codecOf(bytes);
      const { value, code } = attempt(REFUSALS, () => format.decode(codec, bytes));
      if (code !== undefined) return 'refused';
      const written = attempt(UNWRITABLE, () => format.encode(codec, value)).value;
      if (written === undefined) return 'accepted';
      const again = format.decode(codec, written);
      holds(
        isDeepStrictEqual(format.encode(codec, again), written),
        () => `${shown(bytes)} is written as ${shown(written)}, then otherwise`,
      );
      return 'accepted';
    },
  };
}

/** The HTTP request of a WebSocket client, as a worker gets it. */
export const openDetails = detailsTarget(
  {
    name: 'open-details',
    parsers: ['decodeUpgradeRequest'],
    decode: decodeUpgradeRequest,
    encode: (codec, request) => encodeUpgradeRequest(codec, 7, request),
  },
  PHP_DETAILS.open,
);

/** What a client had when it left. */
export const closeDetails = detailsTarget(
  {
    name: 'close-details',
    parsers: ['decodeCloseDetails'],
    decode: decodeCloseDetails,
    encode: encodeCloseDetails,
  },
  PHP_DETAILS.close,
);
