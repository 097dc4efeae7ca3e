import {
  listenerHandshake,
  type HandshakeTerms,
  type Link,
  type LinkHandler,
  type PeerIdentity,
} from '#link';
import {
  ByteWriter,
  readRosterMessage,
  writeRosterMessage,
  type ByteReader,
  type GatewayEntry,
} from '#protocol';
import { RegisterRefusedError } from './refusal.js';
import type { RegisterDesk, RegisterSide } from './register-desk.js';

/** The register as our own nodes know it: both sides prove that they know the secret, and entries have ids. */
export class NestwireRegisterSide implements RegisterSide {
  /** Gateways that have introduced and not yet announced themselves. */
  readonly #awaited = new Map<Link, PeerIdentity>();
  readonly handler: LinkHandler;

  constructor(
    terms: HandshakeTerms,
    private readonly desk: RegisterDesk,
  ) {
    this.handler = listenerHandshake(terms, {
      connected: (link) => desk.connected(link),
      welcomed: (link, peer) => this.#onWelcomed(link, peer),
      frame: (payload, link) => this.#onFrame(payload, link),
      closed: (link, reason) => {
        this.#awaited.delete(link);
        desk.closed(link, reason);
      },
    });
  }

  list(gateways: readonly GatewayEntry[]): Uint8Array {
    const payload = new ByteWriter();
    writeRosterMessage(payload, { type: 'gatewayList', gateways });
    return payload.view();
  }

  #onWelcomed(link: Link, peer: PeerIdentity): void {
    if (peer.role === 'gateway') this.#awaited.set(link, peer);
    else this.desk.callerCame(link, nameOf(link, peer));
  }

  /** What it throws ends the link, and is logged and counted by the desk. */
  #onFrame(payload: ByteReader, link: Link): void {
    const message = readRosterMessage(payload);
    switch (message.type) {
      case 'ping':
        link.send((writer) => writeRosterMessage(writer, { type: 'pong' }));
        return;
      case 'pong': // the link has noted that its peer lives
        return;
      case 'announce':
        return this.#onAnnounced(link, message.gateway);
      case 'gatewayList':
        throw new RegisterRefusedError(link.peer, 'unexpectedMessage');
    }
  }

  #onAnnounced(link: Link, gateway: GatewayEntry): void {
    const peer = this.#awaited.get(link);
    // Of a caller, or of a gateway for the second time.
    if (peer === undefined) throw new RegisterRefusedError(link.peer, 'announcedTwice');
    if (peer.gatewayId !== gateway.id) throw new RegisterRefusedError(link.peer, 'wrongId');
    this.#awaited.delete(link);
    this.desk.gatewayAnnounced(link, gateway, nameOf(link, peer));
  }
}

function nameOf(link: Link, { name }: PeerIdentity): string {
  return name === '' ? link.peer : `${name} (${link.peer})`;
}
