import { formatAddress, type NodeAddress } from '#protocol';

/** Takes the gateways: once as soon as they are known, and at every change. */
export type MembershipListener = (gateways: readonly NodeAddress[]) => void;

/**
 * Which gateways there are. Absence from the list means that nobody should dial a gateway any more, and nothing else: a
 * link that works stays, because the list may come from a register that has only just started and knows nobody yet.
 */
export interface Membership {
  /** undefined until a first list came */
  readonly gateways: readonly NodeAddress[] | undefined;
  /** Calls `listener` at every change, and at once when a list is known. Returns what ends the subscription. */
  subscribe(listener: MembershipListener): () => void;
  start(): void;
  /** Resolves when nothing of it runs any more. Its last list stays readable. */
  close(): Promise<void>;
}

/** Gateways that are written down: no register is needed, and none comes or goes. */
export class StaticMembership implements Membership {
  readonly gateways: readonly NodeAddress[];

  constructor(gateways: readonly NodeAddress[]) {
    this.gateways = uniqueAddresses(gateways);
  }

  subscribe(listener: MembershipListener): () => void {
    listener(this.gateways);
    return () => undefined;
  }

  start(): void {
    // There is nothing to ask anybody.
  }

  async close(): Promise<void> {
    // Nothing runs.
  }
}

export function uniqueAddresses(addresses: Iterable<NodeAddress>): readonly NodeAddress[] {
  const byKey = new Map<string, NodeAddress>();
  for (const address of addresses) byKey.set(formatAddress(address), address);
  return [...byKey.values()];
}
