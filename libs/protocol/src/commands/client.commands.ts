import type { ByteReader } from '../byte-reader.js';
import type { ByteString } from '../byte-string.js';
import type { ByteWriter } from '../byte-writer.js';
import { packIPv4, unpackIPv4 } from '../node-address.js';
import type { Command, Question } from './command.js';
import { connectionIds, count, flag, nothing, ofConnection, type OfConnection } from './fields.js';

/** Which fields a caller of `getClientInfo` asks for: type bits of the wire. */
export const ClientField = {
  RemoteIp: 1,
  RemotePort: 2,
  Uid: 4,
  Session: 8,
  Groups: 16,
  System: 32,
} as const;

const NO_ADDRESS = '0.0.0.0';

/** What `getClientInfo` tells of a client: the fields that were asked for. */
export interface ClientDetails {
  /** An empty uid means that none is bound. */
  readonly uid?: ByteString;
  /** Serialized; never empty: the serialized empty array stands for no session. */
  readonly session?: Buffer;
  readonly groups?: readonly ByteString[];
  /** `0.0.0.0` for a client that has no IPv4 address. */
  readonly remoteIp?: string;
  readonly remotePort?: number;
  /** Serialized facts about the socket. */
  readonly system?: Buffer;
}

export interface ClientInfoReply {
  /** The asked type bits, repeated as they came. */
  readonly fields: number;
  /** Undefined when the gateway does not know the client, or when no known field was asked for. */
  readonly client: ClientDetails | undefined;
}

function writeClientInfo(writer: ByteWriter, { fields, client }: ClientInfoReply): void {
  writer.u8(fields);
  if (client === undefined) return;
  if (fields & ClientField.Uid) writeName16(writer, client.uid ?? ('' as ByteString));
  if (fields & ClientField.Session) writeBytes32(writer, client.session);
  if (fields & ClientField.Groups) {
    const groups = client.groups ?? [];
    writer.length16(groups.length, 'groups');
    for (const group of groups) writeName16(writer, group);
  }
  if (fields & ClientField.RemoteIp) writer.u32(packIPv4(client.remoteIp ?? NO_ADDRESS));
  if (fields & ClientField.RemotePort) writer.u16(client.remotePort ?? 0);
  if (fields & ClientField.System) writeBytes32(writer, client.system);
}

function readClientInfo(reader: ByteReader): ClientInfoReply {
  const fields = reader.u8();
  if (reader.remaining === 0) return { fields, client: undefined };
  const client: { -readonly [F in keyof ClientDetails]: ClientDetails[F] } = {};
  if (fields & ClientField.Uid) client.uid = readName16(reader);
  if (fields & ClientField.Session) client.session = reader.bytes(reader.u32());
  if (fields & ClientField.Groups) {
    const groups: ByteString[] = [];
    for (let left = reader.u16(); left > 0; left--) groups.push(readName16(reader));
    client.groups = groups;
  }
  if (fields & ClientField.RemoteIp) client.remoteIp = unpackIPv4(reader.u32());
  if (fields & ClientField.RemotePort) client.remotePort = reader.u16();
  if (fields & ClientField.System) client.system = reader.bytes(reader.u32());
  return { fields, client };
}

function writeName16(writer: ByteWriter, name: ByteString): void {
  writer.length16(name.length, 'name');
  writer.byteString(name);
}

function readName16(reader: ByteReader): ByteString {
  return reader.byteString(reader.u16());
}

function writeBytes32(writer: ByteWriter, bytes: Uint8Array | undefined): void {
  writer.u32(bytes?.length ?? 0);
  if (bytes !== undefined) writer.bytes(bytes);
}

/**
 * How a client is closed. The original knows the first two; it takes any other byte for `Now`, so that a gateway of ours can be told
 * more and one of the original still closes.
 */
export const CloseMode = {
  /** After what is queued is sent. */
  AfterQueued: 0,
  /** At once; what is queued is lost. */
  Now: 1,
  /** As `AfterQueued`, with the close code 1008: the client was not let in. */
  Denied: 2,
} as const;
export type CloseMode = (typeof CloseMode)[keyof typeof CloseMode];

function closeModeOf(byte: number): CloseMode {
  return byte === CloseMode.AfterQueued || byte === CloseMode.Denied ? byte : CloseMode.Now;
}

export const closeClient: Command<OfConnection & { readonly mode: CloseMode }> = {
  code: 2,
  request: {
    write(writer, { connectionId, mode }) {
      writer.u32(connectionId);
      writer.u8(mode);
    },
    read: (reader) => ({ connectionId: reader.u32(), mode: closeModeOf(reader.u8()) }),
  },
};

export const getClientCount: Question<void, number> = { code: 4, request: nothing, reply: count };

export const getClientInfo: Question<OfConnection & { readonly fields: number }, ClientInfoReply> = {
  code: 7,
  request: {
    write(writer, { connectionId, fields }) {
      writer.u32(connectionId);
      writer.u8(fields);
    },
    read: (reader) => ({ connectionId: reader.u32(), fields: reader.u8() }),
  },
  reply: { write: writeClientInfo, read: readClientInfo },
};

/** A page of at most `limit` connections whose ids are greater than `after`, ascending. 0 starts from the beginning. */
export const getClientList: Question<
  { readonly limit: number; readonly after: number },
  readonly number[],
  { readonly limit: number; readonly after: number },
  number[]
> = {
  code: 8,
  request: {
    write(writer, { limit, after }) {
      writer.u32(limit);
      writer.u32(after);
    },
    read: (reader) => ({ limit: reader.u32(), after: reader.u32() }),
  },
  reply: connectionIds,
};

export const isOnline: Question<OfConnection, boolean> = { code: 16, request: ofConnection, reply: flag };
