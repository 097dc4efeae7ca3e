import type { ByteReader } from '../byte-reader.js';
import type { ByteString } from '../byte-string.js';
import type { ByteWriter, Payload } from '../byte-writer.js';
import type { Codec } from '../codec.js';

/** Layouts that several commands share. */

export interface OfConnection {
  readonly connectionId: number;
}
export interface OfGroup {
  readonly group: ByteString;
}
export interface OfUid {
  readonly uid: ByteString;
}

export const nothing: Codec<void> = {
  write: () => undefined,
  read: () => undefined,
};

export const ofConnection: Codec<OfConnection> = {
  write: (writer, { connectionId }) => writer.u32(connectionId),
  read: (reader) => ({ connectionId: reader.u32() }),
};

export const ofGroup: Codec<OfGroup> = {
  write: (writer, { group }) => writer.byteString(group),
  read: (reader) => ({ group: reader.restAsByteString() }),
};

export const ofUid: Codec<OfUid> = {
  write: (writer, { uid }) => writer.byteString(uid),
  read: (reader) => ({ uid: reader.restAsByteString() }),
};

export const connectionAndGroup: Codec<OfConnection & OfGroup> = {
  write(writer, { connectionId, group }) {
    writer.u32(connectionId);
    writer.byteString(group);
  },
  read: (reader) => ({ connectionId: reader.u32(), group: reader.restAsByteString() }),
};

export const connectionAndUid: Codec<OfConnection & OfUid> = {
  write(writer, { connectionId, uid }) {
    writer.u32(connectionId);
    writer.byteString(uid);
  },
  read: (reader) => ({ connectionId: reader.u32(), uid: reader.restAsByteString() }),
};

export const connectionAndSession: Codec<
  OfConnection & { readonly session: Uint8Array },
  OfConnection & { readonly session: Buffer }
> = {
  write(writer, { connectionId, session }) {
    writer.u32(connectionId);
    writer.bytes(session);
  },
  read: (reader) => ({ connectionId: reader.u32(), session: reader.rest() }),
};

export const count: Codec<number> = {
  write: (writer, value) => writer.u32(value),
  read: (reader) => reader.u32(),
};

export const flag: Codec<boolean> = {
  write: (writer, value) => writer.u8(value ? 1 : 0),
  read: (reader) => reader.u8() !== 0,
};

/** u32*, to the end of the payload */
export const connectionIds: Codec<readonly number[], number[]> = {
  write(writer, ids) {
    for (const id of ids) writer.u32(id);
  },
  read(reader) {
    const ids: number[] = [];
    while (reader.remaining > 0) ids.push(reader.u32());
    return ids;
  },
};

/** (u8 length, name)*, to the end of the payload */
export const names: Codec<readonly ByteString[], ByteString[]> = {
  write(writer, list) {
    for (const name of list) writeName8(writer, name);
  },
  read(reader) {
    const list: ByteString[] = [];
    while (reader.remaining > 0) list.push(readName8(reader));
    return list;
  },
};

export function writeName8(writer: ByteWriter, name: ByteString): void {
  writer.length8(name.length, 'name');
  writer.byteString(name);
}

export function readName8(reader: ByteReader): ByteString {
  return reader.byteString(reader.u8());
}

export function readIds(reader: ByteReader, count: number): number[] {
  const ids: number[] = [];
  for (let i = 0; i < count; i++) ids.push(reader.u32());
  return ids;
}

export interface WithMessage {
  /** Application bytes; a string goes out as UTF-8. */
  readonly message: Payload;
}
export interface WithReceivedMessage {
  readonly message: Buffer;
}
export interface WithExclusion {
  /** Connections that do not get it. */
  readonly exclude: readonly number[];
}
