import { InvalidArgumentError } from './errors.js';
import { checkPort, packIPv4, unpackIPv4, type NodeAddress } from './node-address.js';

/** 20 lower-case hex characters: gateway IPv4, gateway LAN port, connection id. Opaque to users. */
export type ClientId = string;

const CLIENT_ID = /^[0-9a-f]{20}$/;
const GATEWAY_KEY_LENGTH = 12;
const SHOWN_LENGTH = 40;

/**
 * The part of a client id that names its gateway: 12 hex characters.
 * @throws InvalidArgumentError unless the host is an IPv4 literal and the port fits two bytes.
 */
export function gatewayKey(address: NodeAddress): string {
  return hex(packIPv4(address.host), 8) + hex(checkPort(address.port), 4);
}

export function formatClientId(gateway: string, connectionId: number): ClientId {
  return gateway + hex(connectionId, 8);
}

/** @throws InvalidArgumentError unless `clientId` has the form of one; whether such a client exists is not looked at. */
export function parseClientId(clientId: ClientId): { gateway: string; connectionId: number } {
  if (typeof clientId !== 'string' || !CLIENT_ID.test(clientId)) {
    throw new InvalidArgumentError(
      'clientId',
      `must be 20 lower-case hex characters as in client.id, not ${shown(clientId)}`,
    );
  }
  return {
    gateway: clientId.slice(0, GATEWAY_KEY_LENGTH),
    connectionId: Number.parseInt(clientId.slice(GATEWAY_KEY_LENGTH), 16),
  };
}

export function gatewayAddressOf(gateway: string): NodeAddress {
  return {
    host: unpackIPv4(Number.parseInt(gateway.slice(0, 8), 16)),
    port: Number.parseInt(gateway.slice(8, GATEWAY_KEY_LENGTH), 16),
  };
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
