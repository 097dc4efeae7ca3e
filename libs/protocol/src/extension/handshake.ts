import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { InvalidArgumentError, ProtocolError } from '../errors.js';

/** First bytes of the messages before a link is open. Nothing else is taken until Ready. */
export const HandshakeCode = { Hello: 240, Challenge: 241, Auth: 242, Ready: 243, Refused: 244 } as const;

/** The handshake that this release speaks: the second byte of Hello and Challenge, whatever the version. */
export const HANDSHAKE_VERSION = 1;

export const NONCE_BYTES = 16;
/** HMAC-SHA256. */
export const PROOF_BYTES = 32;
const SESSION_BYTES = 16;
const GATEWAY_ID_BYTES = 6;
const NO_GATEWAY_ID = '0'.repeat(GATEWAY_ID_BYTES * 2);
const HEX = /^(?:[0-9a-f]{2})*$/;

/** What a node is to others; a caller is a worker, or a process that only calls the API. */
export type NodeRole = 'gateway' | 'register' | 'caller';

const ROLES: Readonly<Record<NodeRole, number>> = { gateway: 1, register: 2, caller: 3 };

/** Bits that a node may tell of itself. */
export const Feature = {
  /** it takes batches, and sends them to whoever takes them too */
  Batches: 1,
} as const;

/** Who a peer is: believed once its proof was right. */
export interface PeerIdentity {
  readonly role: NodeRole;
  /** What its log calls it; at most 255 bytes. */
  readonly name: string;
  /** 16 bytes in hex: another one after each start, and whenever the peer had to come back anew. */
  readonly session: string;
  /** Six bytes in hex; empty unless the peer is a gateway. */
  readonly gatewayId: string;
  /** Bits of what it can do beyond this version, see `Feature`; those that a receiver does not know mean nothing to it. */
  readonly features: number;
}

/** Codes of a refusal that the handshake itself gives; a listener may have reasons of its own. */
export const RefusalCode = {
  /** the proof was not made with any secret of the listener */
  Unproven: 'unproven',
  /** another version of the handshake */
  Version: 'version',
  /** a node of a kind that does not belong on this port */
  Role: 'role',
} as const;

/** Why a listener did not let a peer in. */
export interface Refusal {
  /** Lower-case letters, digits and hyphens, at most 64: stays the same between releases. */
  readonly code: string;
  /** For whoever reads the log. */
  readonly text: string;
}

const REFUSAL_CODE = /^[a-z0-9-]{1,64}$/;
/** With everything around it far below the 4 KiB that a frame may have before a link is open. */
const MAX_REFUSAL_TEXT = 500;
// oxlint-disable-next-line no-control-regex -- what a stranger sends must not write lines of its own into a log
const CONTROL = /[\0-\x1f\x7f-\x9f\u2028\u2029]/g;

/** `u8 240 | u8 version | nonce` */
export function writeHello(writer: ByteWriter, nonce: Uint8Array): void {
  writeOpening(writer, HandshakeCode.Hello, nonce);
}

/** `u8 241 | u8 version | nonce` */
export function writeChallenge(writer: ByteWriter, nonce: Uint8Array): void {
  writeOpening(writer, HandshakeCode.Challenge, nonce);
}

function writeOpening(writer: ByteWriter, code: number, nonce: Uint8Array): void {
  if (nonce.length !== NONCE_BYTES)
    throw new InvalidArgumentError('nonce', `must have ${NONCE_BYTES} bytes, not ${nonce.length}`);
  writer.u8(code);
  writer.u8(HANDSHAKE_VERSION);
  writer.bytes(nonce);
}

/**
 * What follows the code of Hello and Challenge. Of another version only the version is read: what follows it may be anything.
 * @throws ProtocolError when it is cut short or too long
 */
export function readOpening(reader: ByteReader): { version: number } {
  const version = reader.u8();
  if (version !== HANDSHAKE_VERSION) return { version };
  reader.bytes(NONCE_BYTES);
  reader.expectEnd('The first message of a handshake');
  return { version };
}

/**
 * What Auth and Ready say before their proof: `u8 code | u8 role | u32 features | session | gateway id | u8 name length | name`.
 * @throws InvalidArgumentError for a session or an id that is not so many bytes in hex, and for a name that is too long
 */
export function writeIdentity(
  writer: ByteWriter,
  code: typeof HandshakeCode.Auth | typeof HandshakeCode.Ready,
  identity: PeerIdentity,
): void {
  const name = Buffer.from(identity.name, 'utf8');
  writer.u8(code);
  writer.u8(ROLES[identity.role]);
  writer.u32(identity.features);
  writer.bytes(fromHex(identity.session, SESSION_BYTES, 'session'));
  writer.bytes(fromHex(identity.gatewayId || NO_GATEWAY_ID, GATEWAY_ID_BYTES, 'gatewayId'));
  writer.length8(name.length, 'name');
  writer.bytes(name);
}

/**
 * What follows the code of Auth and Ready.
 * @throws ProtocolError when it is cut short or too long, for an unknown role, and for a gateway without an id
 */
export function readIdentity(reader: ByteReader): { identity: PeerIdentity; proof: Buffer } {
  const role = readRole(reader.u8());
  const features = reader.u32();
  const session = reader.bytes(SESSION_BYTES).toString('hex');
  const id = reader.bytes(GATEWAY_ID_BYTES).toString('hex');
  if ((id === NO_GATEWAY_ID) === (role === 'gateway'))
    throw new ProtocolError(
      'ERR_NESTWIRE_MALFORMED',
      `A ${role} introduced itself with the gateway id ${id}`,
    );
  const name = reader.bytes(reader.u8()).toString('utf8').replaceAll(CONTROL, '?');
  const proof = Buffer.from(reader.bytes(PROOF_BYTES));
  reader.expectEnd('A proof');
  return { identity: { role, name, session, gatewayId: role === 'gateway' ? id : '', features }, proof };
}

/**
 * `u8 244 | u8 code length | code | text`: the same in every version. A longer text is cut.
 * @throws InvalidArgumentError for a code that is none
 */
export function writeRefused(writer: ByteWriter, { code, text }: Refusal): void {
  if (!REFUSAL_CODE.test(code))
    throw new InvalidArgumentError('code', `must be 1 to 64 of a-z, 0-9 and hyphens, not "${code}"`);
  writer.u8(HandshakeCode.Refused);
  writer.length8(code.length, 'code');
  writer.payload(code);
  writer.payload(text.slice(0, MAX_REFUSAL_TEXT));
}

/**
 * What follows the code of Refused.
 * @throws ProtocolError when it is cut short, or the code is none
 */
export function readRefused(reader: ByteReader): Refusal {
  const code = reader.byteString(reader.u8());
  if (!REFUSAL_CODE.test(code))
    throw new ProtocolError('ERR_NESTWIRE_MALFORMED', 'A refusal has a code that is none');
  return { code, text: reader.restAsText().replaceAll(CONTROL, '?').slice(0, MAX_REFUSAL_TEXT) };
}

function readRole(code: number): NodeRole {
  for (const role of ['gateway', 'register', 'caller'] as const) if (ROLES[role] === code) return role;
  throw new ProtocolError('ERR_NESTWIRE_MALFORMED', `A node has the role ${code}; 1 to 3 are known`);
}

function fromHex(text: string, bytes: number, argument: string): Buffer {
  if (text.length === bytes * 2 && HEX.test(text)) return Buffer.from(text, 'hex');
  throw new InvalidArgumentError(argument, `must be ${bytes} bytes in lower-case hex, not "${text}"`);
}
