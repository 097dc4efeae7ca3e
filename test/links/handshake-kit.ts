import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  dialerHandshake,
  Link,
  LINK_FEATURES,
  LinkServer,
  listenerHandshake,
  resolveLinkOptions,
  type DialerTerms,
  type HandshakeHandler,
  type LinkOptions,
  type ListenerTerms,
  type PeerIdentity,
} from '#link';
import type { NodeAddress } from '#protocol';
import { LinkRecorder, until } from './link-kit.js';

export const SECRET = 's3cret';
export const DIALER_SESSION = 'd0'.repeat(16);
export const LISTENER_SESSION = '1a'.repeat(16);
/** Nobody knows it. Without `Feature.Batches` each frame has a header of its own. */
export const OTHER_FEATURE = 4;
export const GATEWAY_ID = 'f0a1b2c3d4e5';

export const DIALER_TERMS: DialerTerms = {
  secrets: [SECRET],
  role: 'caller',
  name: 'worker 1',
  session: () => DIALER_SESSION,
};

export const LISTENER_TERMS: ListenerTerms = {
  secrets: [SECRET],
  role: 'gateway',
  name: 'gateway 1',
  gatewayId: GATEWAY_ID,
  features: OTHER_FEATURE,
  session: () => LISTENER_SESSION,
};

/** Keeps who was let in, too. */
export class HandshakeRecorder extends LinkRecorder implements HandshakeHandler {
  readonly peers: PeerIdentity[] = [];
  onWelcomed: ((link: Link, peer: PeerIdentity) => void) | undefined;

  welcomed(link: Link, peer: PeerIdentity): void {
    this.news.push('welcomed');
    this.peers.push(peer);
    this.onWelcomed?.(link, peer);
  }

  async peer(number = 0): Promise<PeerIdentity> {
    await until(() => this.peers.length > number, `peer ${number} is welcome`);
    return this.peers[number]!;
  }
}

/** A listener on a free port that asks for the handshake. */
export async function listenForHandshakes(
  terms: Partial<ListenerTerms> = {},
  options: Partial<LinkOptions> = {},
): Promise<{ address: NodeAddress; recorder: HandshakeRecorder; server: LinkServer }> {
  const recorder = new HandshakeRecorder();
  const handler = listenerHandshake({ ...LISTENER_TERMS, ...terms }, recorder);
  const server = new LinkServer(resolveLinkOptions(options), handler);
  const address = await server.listen({ host: '127.0.0.1', port: 0 }, 'listen');
  onTestFinished(async () => {
    for (const link of server.links) link.destroy();
    await server.close();
  });
  return { address, recorder, server };
}

/** One dial, with a handshake, to what listens there. */
export function dialWithHandshake(
  { host, port }: NodeAddress,
  terms: Partial<DialerTerms> = {},
  options: Partial<LinkOptions> = {},
): { link: Link; recorder: HandshakeRecorder } {
  const recorder = new HandshakeRecorder();
  const handler = dialerHandshake({ ...DIALER_TERMS, ...terms }, recorder);
  const link = new Link(connect({ host, port }), `${host}:${port}`, resolveLinkOptions(options), handler);
  onTestFinished(() => link.destroy());
  return { link, recorder };
}

const CODES = { hello: 240, challenge: 241, auth: 242, ready: 243, refused: 244 } as const;
const ROLES = { gateway: 1, register: 2, caller: 3 } as const;

/** The payloads of a handshake as docs/protocol.md has them, written without any of our code. */
export class ByHand {
  readonly #said: Buffer[] = [];

  constructor(private readonly secret = SECRET) {}

  opening(kind: 'hello' | 'challenge', nonce: Uint8Array, version = 1): Buffer {
    return this.heard(Buffer.concat([Uint8Array.of(CODES[kind], version), nonce]));
  }

  /** Auth, or Ready. */
  introduction(kind: 'auth' | 'ready', identity: PeerIdentity): Buffer {
    const { role, features, session, gatewayId, name } = identity;
    const head = Buffer.alloc(6);
    head[0] = CODES[kind];
    head[1] = ROLES[role];
    head.writeUInt32BE(features, 2);
    const said = Buffer.concat([
      head,
      Buffer.from(session, 'hex'),
      Buffer.from(gatewayId || '000000000000', 'hex'),
      Uint8Array.of(Buffer.byteLength(name)),
      Buffer.from(name),
    ]);
    this.#said.push(said);
    const proof = createHmac('sha256', this.secret)
      .update(kind === 'auth' ? 'dialer' : 'listener')
      .update(Buffer.concat(this.#said))
      .digest();
    this.#said.push(proof);
    return Buffer.concat([said, proof]);
  }

  static refused(code: string, text: string): Buffer {
    return Buffer.concat([Uint8Array.of(CODES.refused, code.length), Buffer.from(code + text)]);
  }

  /** Takes what the other side said into the transcript. */
  heard(payload: Buffer): Buffer {
    this.#said.push(payload);
    return payload;
  }
}

export const WORKER: PeerIdentity = {
  role: 'caller',
  name: 'worker 1',
  session: DIALER_SESSION,
  gatewayId: '',
  features: LINK_FEATURES,
};

export const GATEWAY: PeerIdentity = {
  role: 'gateway',
  name: 'gateway 1',
  session: LISTENER_SESSION,
  gatewayId: GATEWAY_ID,
  features: OTHER_FEATURE,
};
