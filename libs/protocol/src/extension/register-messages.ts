import type { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { InvalidArgumentError, ProtocolError } from '../errors.js';
import { checkPort, formatAddress, parseAddress } from '../node-address.js';
import { ExtensionCode } from './codes.js';
import type { GatewayEntry } from './gateway-entry.js';

/** First bytes of what is said on a link to the register, beside Ping and Pong. */
export const RosterCode = {
  /** gateway → register: here I am reached */
  Announce: 220,
  /** register → caller: the full list */
  GatewayList: 221,
} as const;

/** What is said on a link to the register once its handshake is done. */
export type RosterMessage =
  | { readonly type: 'ping' }
  | { readonly type: 'pong' }
  | { readonly type: 'announce'; readonly gateway: GatewayEntry }
  | { readonly type: 'gatewayList'; readonly gateways: readonly GatewayEntry[] };

const ID_BYTES = 6;
const ID = /^[0-9a-f]{12}$/;

export function writeRosterMessage(writer: ByteWriter, message: RosterMessage): void {
  switch (message.type) {
    case 'ping':
      return writer.u8(ExtensionCode.Ping);
    case 'pong':
      return writer.u8(ExtensionCode.Pong);
    case 'announce':
      writer.u8(RosterCode.Announce);
      return writeGatewayEntry(writer, message.gateway);
    case 'gatewayList':
      writer.u8(RosterCode.GatewayList);
      for (const gateway of message.gateways) writeGatewayEntry(writer, gateway);
  }
}

/** @throws ProtocolError for an unknown code, a payload that is cut short or too long, and an entry that is none. */
export function readRosterMessage(reader: ByteReader): RosterMessage {
  const code = reader.u8();
  switch (code) {
    case ExtensionCode.Ping:
    case ExtensionCode.Pong:
      reader.expectEnd('A ping or pong');
      return { type: code === ExtensionCode.Ping ? 'ping' : 'pong' };
    case RosterCode.Announce: {
      const gateway = readGatewayEntry(reader);
      reader.expectEnd('An announcement');
      return { type: 'announce', gateway };
    }
    case RosterCode.GatewayList: {
      const gateways: GatewayEntry[] = [];
      while (reader.remaining > 0) gateways.push(readGatewayEntry(reader));
      return { type: 'gatewayList', gateways };
    }
    default:
      throw new ProtocolError(
        'ERR_NESTWIRE_UNKNOWN_CODE',
        `No message to or from a register has the code ${code}`,
      );
  }
}

/**
 * `u16 length | id | u32 features | u16 port | u8 host length | host | u8 zone length | zone`, where the length counts what
 * follows it: a later release may add fields at the end, which this one skips.
 * @throws InvalidArgumentError for an id, a port, a host or a zone that cannot be told
 */
export function writeGatewayEntry(writer: ByteWriter, { id, address, zone, features }: GatewayEntry): void {
  if (!ID.test(id))
    throw new InvalidArgumentError('id', `must be ${ID_BYTES} bytes in lower-case hex, not "${id}"`);
  const host = Buffer.from(address.host, 'utf8');
  const zoneBytes = Buffer.from(zone, 'utf8');
  const entry = new ByteWriter();
  entry.bytes(Buffer.from(id, 'hex'));
  entry.u32(features);
  entry.u16(checkPort(address.port));
  entry.length8(host.length, 'host');
  entry.bytes(host);
  entry.length8(zoneBytes.length, 'zone');
  entry.bytes(zoneBytes);
  writer.u16(entry.length);
  writer.bytes(entry.view());
}

/** @throws ProtocolError when it is cut short, or its host is none */
export function readGatewayEntry(reader: ByteReader): GatewayEntry {
  const length = reader.u16();
  const end = reader.position + length;
  if (length > reader.remaining) reader.bytes(length);
  const id = reader.bytes(ID_BYTES).toString('hex');
  const features = reader.u32();
  const port = reader.u16();
  const host = reader.byteString(reader.u8());
  const zone = reader.bytes(reader.u8()).toString('utf8');
  if (reader.position > end)
    throw new ProtocolError('ERR_NESTWIRE_MALFORMED', 'An entry of a gateway is longer than it says');
  reader.bytes(end - reader.position);
  return { id, address: checkedAddress(host, port), zone, features };
}

function checkedAddress(host: string, port: number): GatewayEntry['address'] {
  try {
    return parseAddress(formatAddress({ host, port }), 'advertise');
  } catch (cause) {
    throw new ProtocolError('ERR_NESTWIRE_MALFORMED', 'A gateway told a host that is none', { cause });
  }
}
