import { HANDSHAKE_VERSION, NestwireError, RefusalCode, type NodeRole, type Refusal } from '#protocol';

/** What the dialer should know of each refusal that the handshake itself gives; others explain themselves. */
const REMEDIES: Readonly<Record<string, string>> = {
  [RefusalCode.Unproven]:
    'the secret differs. Give every node the same one; while it is being changed, every node a list of the new and the old one.',
  [RefusalCode.Version]:
    'it speaks another version of the handshake. Run releases together that know each other.',
  [RefusalCode.Role]:
    'a node of this kind does not belong on that port. Correct the address that was dialled.',
};

/** The listener that was dialled does not let us in. */
export class HandshakeRefusedError extends NestwireError {
  override readonly name = 'HandshakeRefusedError';
  readonly code = 'ERR_NESTWIRE_HANDSHAKE_REFUSED';
  /** Why, as a word that stays the same between releases: `unproven` is the secret. */
  readonly refusal: string;
  /** What the listener said to it. */
  readonly text: string;
  constructor(
    readonly peer: string,
    { code, text }: Refusal,
  ) {
    super(`${peer} refused this node (${code}): ${REMEDIES[code] ?? text}`);
    this.refusal = code;
    this.text = text;
  }
}

/** The listener that was dialled did not prove that it knows the secret: it is no node of ours, or somebody stands between. */
export class UnprovenPeerError extends NestwireError {
  override readonly name = 'UnprovenPeerError';
  readonly code = 'ERR_NESTWIRE_UNPROVEN_PEER';
  constructor(readonly peer: string) {
    super(
      `${peer} took our proof and gave none that is right: it does not know the secret, or somebody changed what was sent. ` +
        'Nothing was told to it. Find out who listens there.',
    );
  }
}

/** The node that was dialled is proven, and is of another kind than the one expected there. */
export class UnexpectedPeerError extends NestwireError {
  override readonly name = 'UnexpectedPeerError';
  readonly code = 'ERR_NESTWIRE_UNEXPECTED_PEER';
  constructor(
    readonly peer: string,
    readonly role: NodeRole,
    readonly expected: NodeRole,
  ) {
    super(`${peer} is a ${role}, and a ${expected} was expected there. Correct the address.`);
  }
}

/** The listener that was dialled goes on in another version of the handshake. */
export class HandshakeVersionError extends NestwireError {
  override readonly name = 'HandshakeVersionError';
  readonly code = 'ERR_NESTWIRE_HANDSHAKE_VERSION';
  constructor(
    readonly peer: string,
    readonly version: number,
  ) {
    super(
      `${peer} speaks version ${version} of the handshake, and this node version ${HANDSHAKE_VERSION}. ` +
        'Run releases together that know each other.',
    );
  }
}

/** On the listening side: a peer was not let in, and was told so. */
export class PeerRefusedError extends NestwireError {
  override readonly name = 'PeerRefusedError';
  readonly code = 'ERR_NESTWIRE_PEER_REFUSED';
  /** The code that the peer was sent. */
  readonly refusal: string;
  constructor(
    readonly peer: string,
    { code, text }: Refusal,
  ) {
    super(`Refused ${peer} (${code}): ${text}`);
    this.refusal = code;
  }
}
