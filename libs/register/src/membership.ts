import type { GatewayEntry, NodeAddress } from '#protocol';
import { baseEntry, uniqueAddresses, unnamedEntry, type RegisterProtocol } from './gateway-entries.js';

/** Takes the gateways: once as soon as they are known, and at every change. */
export type MembershipListener = (gateways: readonly GatewayEntry[]) => void;

/**
 * Which gateways there are. Absence from the list means that nobody should dial a gateway any more, and nothing else: a
 * link that works stays, because the list may come from a register that has only just started and knows nobody yet.
 */
export interface Membership {
  /** undefined until a first list came */
  readonly gateways: readonly GatewayEntry[] | undefined;
  /** Registers that answer, and do not let this node in, so that no list comes from them. By default none. */
  readonly refusedBy?: readonly NodeAddress[];
  /** Calls `listener` at every change, and at once when a list is known. Returns what ends the subscription. */
  subscribe(listener: MembershipListener): () => void;
  start(): void;
  /** Resolves when nothing of it runs any more. Its last list stays readable. */
  close(): Promise<void>;
}

/** Gateways that are written down: no register is needed, and none comes or goes. */
export class StaticMembership implements Membership {
  readonly gateways: readonly GatewayEntry[];

  /**
   * @param protocol in the gateways' own their ids come with the handshake of a link and are empty here; in the base protocol
   * they follow from the addresses, which then must be IPv4
   */
  constructor(addresses: readonly NodeAddress[], protocol: RegisterProtocol = 'nestwire') {
    this.gateways = uniqueAddresses(addresses).map(protocol === 'base' ? baseEntry : unnamedEntry);
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
