import { jsonSessionCodec, phpSessionCodec } from '#protocol';
import { type MicroCase, repeated } from '../micro-case.js';

const SESSION = {
  userId: 4711,
  name: 'Ada Lovelace',
  roles: ['admin', 'author'],
  seen: { room: 'lobby', at: 1_700_000_000 },
};
const PATCH = { seen: { room: 'garden', at: 1_700_000_060 } };

export const SESSION_CASES: readonly MicroCase[] = [jsonSessionCodec, phpSessionCodec].flatMap((codec) => {
  const bytes = codec.encode(SESSION);
  const patch = codec.encode(PATCH);
  const merged = codec.merge(bytes, patch).length;
  const keys = Object.keys(SESSION).length;
  return [
    repeated('sessions', `encode, ${codec.name}`, 500, () => ({
      operation: () => codec.encode(SESSION).length,
      each: bytes.length,
    })),
    repeated('sessions', `decode, ${codec.name}`, 500, () => ({
      operation: () => Object.keys(codec.decode(bytes) as object).length,
      each: keys,
    })),
    repeated('sessions', `merge, ${codec.name}`, 500, () => ({
      operation: () => codec.merge(bytes, patch).length,
      each: merged,
    })),
  ];
});
