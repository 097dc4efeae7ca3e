import { randomBytes } from 'node:crypto';

/**
 * The id of a gateway, 12 hex characters, another one at each start. It looks like an address that nobody has (240.0.0.0/4), so that
 * ids of clients keep their form: they tell nobody anything about the network, and mean nobody after a restart.
 */
export function randomGatewayId(): string {
  const bytes = randomBytes(6);
  bytes[0] = 0xf0 | bytes[0]!;
  return bytes.toString('hex');
}
