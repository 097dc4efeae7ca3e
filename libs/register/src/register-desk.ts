import type { Link, LinkHandler } from '#link';
import type { GatewayEntry } from '#protocol';

/** What the register is told of the links to it, in whichever protocol they speak. */
export interface RegisterDesk {
  connected(link: Link): void;
  /** A gateway that may be listed. @param name what the log calls it */
  gatewayAnnounced(link: Link, gateway: GatewayEntry, name: string): void;
  /** Somebody who wants the list, now and at every change. */
  callerCame(link: Link, name: string): void;
  closed(link: Link, reason: Error | undefined): void;
}

/** The register's side of one protocol. */
export interface RegisterSide {
  /** What all links are handled with: it lets nobody through to the desk who does not know the secret. */
  readonly handler: LinkHandler;
  /** The payload that tells these gateways. */
  list(gateways: readonly GatewayEntry[]): Uint8Array;
}
