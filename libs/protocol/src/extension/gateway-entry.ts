import type { NodeAddress } from '../node-address.js';

/** One gateway as a register lists it. */
export interface GatewayEntry {
  /**
   * Six bytes in hex, random at each start of the gateway. Of the base protocol, which has no ids, it is `gatewayKey(address)`;
   * empty where nobody has told it yet: it comes with the handshake.
   */
  readonly id: string;
  /** Where callers reach it: an IPv4 or IPv6 literal, or a name. */
  readonly address: NodeAddress;
  /** Where it runs, in words of the operator; empty when nobody said. */
  readonly zone: string;
  /** Feature bits, as in the handshake. */
  readonly features: number;
}
