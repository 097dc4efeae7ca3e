import { LINK_FEATURES } from '#link';
import {
  formatAddress,
  InvalidOptionError,
  parseAddress,
  type GatewayEntry,
  type NodeAddress,
} from '#protocol';
import { baseEntry, uniqueAddresses } from './gateway-entries.js';
import {
  resolveRegisterClientOptions,
  type GivenRegisterClientOptions,
  type RegisterClientOptions,
} from './register-client-options.js';
import { RegisterClient } from './register-client.js';

/** What a gateway says of itself. */
export interface AnnouncedGateway {
  /** Where callers reach it, with the port that it really listens on: a name, an IPv4 or IPv6 literal; in the base protocol IPv4 alone. */
  readonly address: NodeAddress;
  /** Six bytes in hex, another one at each start. Needed unless the protocol is 'base', where the address is the id. */
  readonly id?: string;
  /**
   * Where it runs, in words of the operator; at most 255 bytes.
   * @default ''
   */
  readonly zone?: string;
  /**
   * Feature bits, as in its handshakes.
   * @default what all links can do
   */
  readonly features?: number;
}

export type GatewayAnnouncerOptions = GivenRegisterClientOptions & AnnouncedGateway;

const MAX_ZONE_BYTES = 255;
const ID = /^(?!0{12})[0-9a-f]{12}$/;

/** Keeps one gateway announced to all registers, also to those that come back. */
export class GatewayAnnouncer {
  readonly #clients: readonly RegisterClient[];

  /**
   * @throws InvalidOptionError for an unknown name or a wrong value, and for an address where nobody can connect or
   * that the protocol cannot say.
   */
  constructor({ address, id, zone, features, ...given }: GatewayAnnouncerOptions) {
    const options = resolveRegisterClientOptions(given);
    const gateway = entryOf({ address, id, zone, features }, options);
    this.#clients = uniqueAddresses(options.registers).map(
      (register) => new RegisterClient(register, { role: 'gateway', gateway }, options),
    );
  }

  /** Registers that have been told of this gateway and whose link stands. */
  get connectedRegisters(): number {
    return this.#clients.filter((client) => client.isConnected).length;
  }

  start(): void {
    for (const client of this.#clients) client.start();
  }

  /** The registers tell the workers that this gateway is gone. Resolves when all links are gone. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

type Said = { readonly [Name in keyof AnnouncedGateway]: AnnouncedGateway[Name] | undefined };

function entryOf(
  said: Said & Pick<AnnouncedGateway, 'address'>,
  { protocol }: RegisterClientOptions,
): GatewayEntry {
  const isBase = protocol === 'base';
  const address = parseAddress(formatAddress(said.address), 'advertise', { ipv4Only: isBase, dialled: true });
  if (isBase) return baseEntry(address);
  const { id = '', zone = '', features = LINK_FEATURES } = said;
  if (!ID.test(id))
    throw new InvalidOptionError(
      'gatewayAnnouncer.id',
      `must be six bytes in lower-case hex, not all zero, and not "${id}".`,
    );
  if (Buffer.byteLength(zone) > MAX_ZONE_BYTES)
    throw new InvalidOptionError('gatewayAnnouncer.zone', `must be at most ${MAX_ZONE_BYTES} bytes long.`);
  if (!Number.isInteger(features) || features < 0 || features > 0xffff_ffff)
    throw new InvalidOptionError('gatewayAnnouncer.features', 'must be 32 bits, from 0 to 4294967295.');
  return { id, address, zone, features };
}
