import {
  dialerHandshake,
  HandshakeRefusedError,
  LinkClosedError,
  type HandshakeTerms,
  type Link,
  type LinkHandler,
} from '#link';
import {
  ProtocolError,
  readRosterMessage,
  RefusalCode,
  writeRosterMessage,
  type ByteReader,
} from '#protocol';
import type { Announcement, ClientSide, Loss, RegisterClientDesk } from './client-side.js';

/** A node that talks to registers as our own do: proven both ways before anything else is said. */
export class NestwireClientSide implements ClientSide {
  readonly refusal =
    'refused this node: the secret differs. Give every node the same one; while it is being changed, every node a list ' +
    'of the new and the old one.';
  readonly handler: LinkHandler;
  readonly #secrets: number;
  /** Refusals since a secret of ours was right: with each of them another one is tried. */
  #refusals = 0;
  #isShakingHands = false;
  #isAccepted = false;
  #pings: NodeJS.Timeout | undefined;

  constructor(
    private readonly as: Announcement,
    terms: HandshakeTerms,
    private readonly pingIntervalMs: number,
    private readonly desk: RegisterClientDesk,
  ) {
    this.#secrets = terms.secrets.length;
    this.handler = dialerHandshake(
      { ...terms, peerRole: 'register' },
      {
        connected: () => (this.#isShakingHands = true),
        welcomed: (link) => this.#onWelcomed(link),
        frame: (payload, link) => this.#onFrame(payload, link),
        closed: (_link, reason) => this.#onClosed(reason),
      },
    );
  }

  #onWelcomed(link: Link): void {
    this.#refusals = 0;
    this.#isShakingHands = false;
    // The register answers each ping, so that both sides notice when the network between them is gone.
    this.#pings = setInterval(() => send(link, 'ping'), this.pingIntervalMs).unref();
    if (this.as.role === 'worker') return;
    const { gateway } = this.as;
    link.send((writer) => writeRosterMessage(writer, { type: 'announce', gateway }));
    this.#onAccepted();
  }

  #onAccepted(): void {
    this.#isAccepted = true;
    this.desk.accepted();
    this.desk.settled();
  }

  #onFrame(payload: ByteReader, link: Link): void {
    const message = readRosterMessage(payload);
    switch (message.type) {
      case 'ping':
        return send(link, 'pong');
      case 'pong': // the link has noted that the register lives
        return;
      case 'gatewayList':
        if (this.as.role === 'gateway') return;
        if (!this.#isAccepted) this.#onAccepted();
        return this.as.listed(message.gateways);
      case 'announce':
        throw new ProtocolError(
          'ERR_NESTWIRE_MALFORMED',
          `${link.peer} announced itself to us, which a register does not`,
        );
    }
  }

  #onClosed(reason: Error | undefined): void {
    clearInterval(this.#pings);
    const loss = this.#lossOf(reason);
    this.#isAccepted = false;
    this.#isShakingHands = false;
    this.desk.closed(loss, reason);
  }

  #lossOf(reason: Error | undefined): Loss {
    if (reason instanceof LinkClosedError && this.#isShakingHands) return 'unanswered';
    if (!(reason instanceof HandshakeRefusedError) || reason.refusal !== RefusalCode.Unproven)
      return this.#isAccepted ? 'lost' : 'unreachable';
    this.#refusals++;
    return this.#refusals < this.#secrets ? 'tryingNext' : 'refused';
  }
}

function send(link: Link, type: 'ping' | 'pong'): void {
  link.send((writer) => writeRosterMessage(writer, { type }));
}
