import {
  ClientField,
  InvalidArgumentError,
  ProtocolError,
  textFromByteString,
  type ClientDetails,
  type SessionCodec,
} from '#protocol';

/** What an application keeps with a client: plain data, kept on its gateway until the client leaves. */
export type SessionData = Record<string, unknown>;

/** What a gateway tells of a client. */
export interface ClientInfo {
  /** Empty when none is bound. */
  readonly uid: string;
  readonly session: SessionData;
  readonly groups: readonly string[];
  /** `0.0.0.0` for a client that has no IPv4 address: four bytes are all that the base protocol has. */
  readonly remoteIp: string;
  readonly remotePort: number;
  /** What the gateway knows about the socket; which facts these are is up to the gateway. */
  readonly system: SessionData;
}

export type ClientInfoField = keyof ClientInfo;
export type UsualClientInfoField = Exclude<ClientInfoField, 'system'>;

const BITS: Readonly<Record<ClientInfoField, number>> = {
  uid: ClientField.Uid,
  session: ClientField.Session,
  groups: ClientField.Groups,
  remoteIp: ClientField.RemoteIp,
  remotePort: ClientField.RemotePort,
  system: ClientField.System,
};

export const USUAL_FIELDS: readonly UsualClientInfoField[] = [
  'uid',
  'session',
  'groups',
  'remoteIp',
  'remotePort',
];

/** @throws InvalidArgumentError for an unknown field, and for none: such a reply would not tell a client that is there from one that is not */
export function fieldBits(fields: readonly ClientInfoField[]): number {
  let bits = 0;
  for (const field of fields) {
    if (!Object.hasOwn(BITS, field)) {
      throw new InvalidArgumentError(
        'fields',
        `has no "${field}". There are ${Object.keys(BITS).join(', ')}.`,
      );
    }
    bits |= BITS[field];
  }
  if (bits !== 0) return bits;
  throw new InvalidArgumentError('fields', 'must name at least one field. Use isOnline to ask for none.');
}

/** Only the asked fields are in a reply, and in what this gives. */
export function clientInfo(codec: SessionCodec, client: ClientDetails): Partial<ClientInfo> {
  const { uid, session, groups, remoteIp, remotePort, system } = client;
  return {
    ...(uid === undefined ? {} : { uid: textFromByteString(uid) }),
    ...(session === undefined ? {} : { session: decodeSession(codec, session) ?? {} }),
    ...(groups === undefined ? {} : { groups: groups.map(textFromByteString) }),
    ...(remoteIp === undefined ? {} : { remoteIp }),
    ...(remotePort === undefined ? {} : { remotePort }),
    ...(system === undefined ? {} : { system: decodeSession(codec, system) ?? {} }),
  };
}

/**
 * A session as the application has written it; undefined for the null that stands for an unknown client. A PHP list
 * becomes a record with its indexes as keys.
 * @throws ProtocolError for what is no session: is the cluster mixed from different serializations?
 */
export function decodeSession(codec: SessionCodec, bytes: Uint8Array): SessionData | undefined {
  const value = codec.decode(bytes);
  if (value === null) return undefined;
  if (typeof value !== 'object' || value instanceof Uint8Array) {
    throw new ProtocolError('ERR_NESTWIRE_SERIALIZATION', `A session is no record, but a ${typeof value}`);
  }
  return Array.isArray(value) ? Object.fromEntries(value.entries()) : value;
}

/** @throws InvalidArgumentError for what is no record, or holds what the serialization has no word for */
export function encodeSession(codec: SessionCodec, session: SessionData): Buffer {
  if (
    typeof session !== 'object' ||
    session === null ||
    Array.isArray(session) ||
    session instanceof Uint8Array
  ) {
    throw new InvalidArgumentError('session', 'must be a plain object. Use deleteSession to remove one.');
  }
  return codec.encode(session);
}
