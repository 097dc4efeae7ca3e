import { Feature, type NodeRole, type PeerIdentity, type Refusal } from '#protocol';
import type { Link, LinkHandler } from '../link.js';

/** What this node shows of itself, and what it asks of others. */
export interface HandshakeTerms {
  /** The first is dialled with, any is accepted; at least one. */
  readonly secrets: readonly string[];
  readonly role: NodeRole;
  /** What peers call this node in their logs; at most 255 bytes. */
  readonly name: string;
  /** Six bytes in hex, of a gateway only. */
  readonly gatewayId?: string;
  /**
   * Bits of what this node can do: see `Feature`. Without `Batches`, each frame on its links has a checksum of its own.
   * @default what all links can do, which is `Batches`
   */
  readonly features?: number;
  /** Asked anew for each handshake: 16 bytes in hex. */
  session(): string;
}

/** What a dialer asks of the node that it dials. */
export interface DialerTerms extends HandshakeTerms {
  /** The kind of node that is expected there; another one ends the link with `UnexpectedPeerError`. Left out, any will do. */
  readonly peerRole?: NodeRole;
}

export interface ListenerTerms extends HandshakeTerms {
  /** Asked of a peer that has proven itself, and nothing of which has been taken yet. What it returns is sent to the peer. */
  admit?(peer: PeerIdentity): Refusal | undefined;
}

/** What the owner of a link with a handshake is told. */
export interface HandshakeHandler extends LinkHandler {
  /** The link is open, and the peer has proven itself. What this throws ends the link. */
  welcomed(link: Link, peer: PeerIdentity): void;
}

/** What every link can do. */
export const LINK_FEATURES = Feature.Batches;

export function identityOf(terms: HandshakeTerms): PeerIdentity {
  const { role, name, gatewayId = '', features = LINK_FEATURES } = terms;
  return { role, name, session: terms.session(), gatewayId, features };
}
