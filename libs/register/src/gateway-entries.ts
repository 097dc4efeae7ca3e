import { formatAddress, gatewayKey, type GatewayEntry, type NodeAddress } from '#protocol';

/** How nodes talk to registers: as ours do, or as the original's. */
export type RegisterProtocol = 'nestwire' | 'base';

/** A gateway of which the base protocol tells the address alone: its id follows from it. */
export function baseEntry(address: NodeAddress): GatewayEntry {
  return { id: gatewayKey(address), address, zone: '', features: 0 };
}

/** A gateway of which nobody has told the id yet. */
export function unnamedEntry(address: NodeAddress): GatewayEntry {
  return { id: '', address, zone: '', features: 0 };
}

export function isSameEntry(a: GatewayEntry, b: GatewayEntry): boolean {
  return (
    a.id === b.id &&
    a.zone === b.zone &&
    a.features === b.features &&
    formatAddress(a.address) === formatAddress(b.address)
  );
}

/** Each id once, as the last one has it. */
export function uniqueEntries(entries: Iterable<GatewayEntry>): readonly GatewayEntry[] {
  const byId = new Map<string, GatewayEntry>();
  for (const entry of entries) byId.set(entry.id, entry);
  return [...byId.values()];
}

/** Whether both have the same entries, in whatever order. @param a each id once @param b each id once */
export function isSameSet(a: readonly GatewayEntry[], b: readonly GatewayEntry[]): boolean {
  const byId = new Map(a.map((entry) => [entry.id, entry]));
  return (
    a.length === b.length &&
    b.every((entry) => {
      const other = byId.get(entry.id);
      return other !== undefined && isSameEntry(other, entry);
    })
  );
}

export function uniqueAddresses(addresses: Iterable<NodeAddress>): readonly NodeAddress[] {
  const byKey = new Map<string, NodeAddress>();
  for (const address of addresses) byKey.set(formatAddress(address), address);
  return [...byKey.values()];
}
