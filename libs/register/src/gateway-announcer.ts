import { formatAddress, parseAddress, type NodeAddress } from '#protocol';
import { uniqueAddresses } from './membership.js';
import { resolveRegisterClientOptions, type GivenRegisterClientOptions } from './register-client-options.js';
import { RegisterClient } from './register-client.js';

/** `address` is where workers reach this gateway: an IPv4 literal and the port it really listens on. */
export type GatewayAnnouncerOptions = GivenRegisterClientOptions & { readonly address: NodeAddress };

/** Keeps one gateway announced to all registers, also to those that come back. */
export class GatewayAnnouncer {
  readonly #clients: readonly RegisterClient[];

  /**
   * @throws InvalidOptionError for an unknown name or a wrong value, and for an address where nobody can connect or
   * that four bytes cannot say.
   */
  constructor({ address, ...given }: GatewayAnnouncerOptions) {
    const options = resolveRegisterClientOptions(given);
    const advertised = parseAddress(formatAddress(address), 'advertise', { ipv4Only: true, dialled: true });
    this.#clients = uniqueAddresses(options.registers).map(
      (register) => new RegisterClient(register, { role: 'gateway', address: advertised }, options),
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
