import { InvalidArgumentError } from './errors.js';
import { checkPort, packIPv4, unpackIPv4, type NodeAddress } from './node-address.js';

/** 20 lower-case hex characters: gateway IPv4, gateway LAN port, connection id. Opaque to users. */
export type ClientId = string;

const CLIENT_ID = /^[0-9a-f]{20}$/;
const CLIENT_ID_LENGTH = 20;
const GATEWAY_KEY_LENGTH = 12;
const SHOWN_LENGTH = 40;

/** Both forms of an id. */
interface KnownId {
  readonly text: ClientId;
  readonly gateway: string;
  readonly connectionId: number;
  /** Parsed once, so that its form is known to be good: what was formatted of bad parts is not. */
  isChecked: boolean;
}

/**
 * Ids come again and again, as text for handlers and as numbers for gateways: a table of those met last, each in the place
 * that its digits say, saves most of both conversions. An id that takes another one's place costs a conversion, nothing more.
 */
const PLACES = 4096;
const known: (KnownId | undefined)[] = Array.from({ length: PLACES }, () => undefined);

const HEX_BYTES = Array.from({ length: 256 }, (_, byte) => hex(byte, 2));
const HEX_VALUES = Uint8Array.from({ length: 128 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 0 : value;
});

/**
 * The part of a client id that names its gateway: 12 hex characters.
 * @throws InvalidArgumentError unless the host is an IPv4 literal and the port fits two bytes.
 */
export function gatewayKey(address: NodeAddress): string {
  return hex(packIPv4(address.host), 8) + hex(checkPort(address.port), 4);
}

export function formatClientId(gateway: string, connectionId: number): ClientId {
  const place = placeOf(gateway, connectionId);
  const found = known[place];
  if (found !== undefined && found.connectionId === connectionId && found.gateway === gateway) {
    return found.text;
  }
  const text = gateway + hex32(connectionId);
  known[place] = { text, gateway, connectionId, isChecked: false };
  return text;
}

/** @throws InvalidArgumentError unless `clientId` has the form of one; whether such a client exists is not looked at. */
export function parseClientId(clientId: ClientId): { gateway: string; connectionId: number } {
  if (typeof clientId !== 'string' || clientId.length !== CLIENT_ID_LENGTH) throw notAnId(clientId);
  const connectionId = valueOfHex32(clientId, GATEWAY_KEY_LENGTH);
  const place = placeOf(clientId, connectionId);
  let found = known[place];
  if (found === undefined || found.text !== clientId) {
    found = {
      text: clientId,
      gateway: clientId.slice(0, GATEWAY_KEY_LENGTH),
      connectionId,
      isChecked: false,
    };
    known[place] = found;
  }
  if (!found.isChecked) {
    if (!CLIENT_ID.test(clientId)) throw notAnId(clientId);
    found.isChecked = true;
  }
  // An object of the caller's own: what it does to it changes nobody else's ids.
  return { gateway: found.gateway, connectionId: found.connectionId };
}

export function gatewayAddressOf(gateway: string): NodeAddress {
  return {
    host: unpackIPv4(Number.parseInt(gateway.slice(0, 8), 16)),
    port: Number.parseInt(gateway.slice(8, GATEWAY_KEY_LENGTH), 16),
  };
}

/** @param text begins with the gateway's key: a whole id will do */
function placeOf(text: string, connectionId: number): number {
  // Our gateways count in the upper bits, the original in the lower ones; and gateways differ at either end of their keys.
  const gateway = text.charCodeAt(GATEWAY_KEY_LENGTH - 1) * 31 + text.charCodeAt(7);
  return (connectionId ^ (connectionId >>> 12) ^ (gateway * 61)) & (PLACES - 1);
}

function notAnId(value: unknown): InvalidArgumentError {
  return new InvalidArgumentError(
    'clientId',
    `must be 20 lower-case hex characters as in client.id, not ${shown(value)}`,
  );
}

/** Whatever JavaScript code passed for an id, short enough for a log line. */
function shown(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, SHOWN_LENGTH))
    : `a value of type ${typeof value}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

function hex32(value: number): string {
  return (
    HEX_BYTES[value >>> 24]! +
    HEX_BYTES[(value >>> 16) & 0xff]! +
    HEX_BYTES[(value >>> 8) & 0xff]! +
    HEX_BYTES[value & 0xff]!
  );
}

/** Of eight characters that are hex digits; of others some number. */
function valueOfHex32(text: string, from: number): number {
  let value = 0;
  for (let at = from; at < from + 8; at++) value = (value << 4) | HEX_VALUES[text.charCodeAt(at) & 0x7f]!;
  return value >>> 0;
}
