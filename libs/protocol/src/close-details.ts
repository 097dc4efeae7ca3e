import {
  byteStringFromBytes,
  byteStringFromText,
  bytesFromByteString,
  textFromByteString,
  type ByteString,
} from './byte-string.js';
import { ProtocolError } from './errors.js';
import type { SessionCodec } from './serialization/index.js';

/** How a client is connected: over WebSocket, or raw TCP. */
export type ClientKind = 'ws' | 'tcp';

/** What a client had when it left: the details of a Close event. */
export interface CloseDetails {
  /** Empty when none was bound. */
  readonly uid: ByteString;
  readonly groups: readonly ByteString[];
  readonly kind: ClientKind;
  /** The WebSocket close code; undefined over raw TCP, and from a peer that does not tell. */
  readonly code?: number | undefined;
  readonly reason?: string | undefined;
}

export function encodeCloseDetails(codec: SessionCodec, details: CloseDetails): Buffer {
  const { uid, groups, kind, code, reason } = details;
  const name = codec.name === 'php' ? bytesOrText : textFromByteString;
  const wire = { uid: name(uid), group_list: groups.map(name), ws: kind === 'ws' ? 1 : 0 };
  // The original has no room for the code: its bytes stay what its workers know.
  return codec.encodePlain(codec.name === 'php' || code === undefined ? wire : { ...wire, code, reason });
}

/** @throws ProtocolError unless the bytes are such details. Keys that are missing read as "nothing". */
export function decodeCloseDetails(codec: SessionCodec, bytes: Uint8Array): CloseDetails {
  const wire = codec.decode(bytes);
  if (typeof wire !== 'object' || wire === null || wire instanceof Uint8Array) {
    throw new ProtocolError('ERR_NESTWIRE_MALFORMED', 'The details of a Close event are no record');
  }
  const { uid, group_list: groups, ws, code, reason } = wire as Record<string, unknown>;
  return {
    uid: byteStringOf(uid),
    groups: valuesOf(groups).map(byteStringOf),
    kind: ws === 1 ? 'ws' : 'tcp',
    // JSON can say numbers that are too large (1e999), which are no code.
    code: typeof code === 'number' && Number.isInteger(code) ? code : undefined,
    reason: typeof reason === 'string' ? reason : undefined,
  };
}

/** PHP strings are bytes: what is not ASCII goes out as the very bytes it came as. */
function bytesOrText(name: ByteString): string | Buffer {
  const bytes = bytesFromByteString(name);
  return bytes.length === Buffer.byteLength(name) ? name : bytes;
}

/** A PHP list out of which something was removed is no list any more, but a map with integer keys. */
function valuesOf(list: unknown): readonly unknown[] {
  return typeof list === 'object' && list !== null && !(list instanceof Uint8Array)
    ? Object.values(list)
    : [];
}

function byteStringOf(value: unknown): ByteString {
  if (typeof value === 'string') return byteStringFromText(value);
  if (value instanceof Uint8Array) return byteStringFromBytes(value);
  // PHP has "10086" as an int where it was an array key.
  return byteStringFromText(typeof value === 'number' || typeof value === 'bigint' ? String(value) : '');
}
