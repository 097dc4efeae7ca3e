import type { LinkHandler, LinkOptions } from '#link';
import type { GatewayEntry } from '#protocol';

/** Room for the list of 170,000 gateways in the base protocol, and of some 30,000 in our own. */
const MAX_LIST_BYTES = 1024 * 1024;
/** We send nothing but pings: what takes none of so many is no register that works. */
const MAX_QUEUED_BYTES = 64 * 1024;

/** As what a node announces itself: a gateway says where it is reached, a worker is told the gateways. */
export type Announcement =
  | { readonly role: 'gateway'; readonly gateway: GatewayEntry }
  | { readonly role: 'worker'; readonly listed: (gateways: readonly GatewayEntry[]) => void };

/** What a node is told of its link to one register, in whichever protocol they speak. */
export interface RegisterClientDesk {
  /** The register has taken us: a worker got its first list. A gateway of the base protocol is never told. */
  accepted(): void;
  /** It has also not thrown us out in the time in which it would. */
  settled(): void;
  closed(loss: Loss, reason: Error | undefined): void;
}

/** How a link to a register ended. */
export type Loss =
  /** the secret differs, or most likely does */
  | 'refused'
  /** the secret that was tried differs, and another one is tried next */
  | 'tryingNext'
  /** it did work */
  | 'lost'
  /** it took the connection, and left in the middle of the handshake */
  | 'unanswered'
  /** it never came to be */
  | 'unreachable';

/** A node's side of one protocol, on the links to one register that follow one another. */
export interface ClientSide {
  readonly handler: LinkHandler;
  /** What the log says of a link that was refused. */
  readonly refusal: string;
}

export const CLIENT_LINK_OPTIONS: Partial<LinkOptions> = {
  maxFrameBytes: MAX_LIST_BYTES,
  maxQueuedBytes: MAX_QUEUED_BYTES,
};
