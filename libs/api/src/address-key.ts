import { formatAddress, gatewayKey, type GatewayEntry, type NodeAddress } from '#protocol';
import type { GatewayProtocol } from './pool-options.js';

/** Begins the key of a gateway by whose address alone it is known: behind all ids in their order, and never half of a client id. */
const ADDRESS_MARK = '~';

/** The key of what is known by its address. */
export function addressKey(address: NodeAddress, protocol: GatewayProtocol): string {
  return protocol === 'base' ? gatewayKey(address) : ADDRESS_MARK + formatAddress(address);
}

export function isAddressKey(key: string): boolean {
  return key.startsWith(ADDRESS_MARK);
}

/** What a list calls a gateway: its id, where it says that. */
export function listKey({ id, address }: GatewayEntry, protocol: GatewayProtocol): string {
  return id === '' ? addressKey(address, protocol) : id;
}
