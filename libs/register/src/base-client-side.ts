import { LinkClosedError, type Link, type LinkHandler } from '#link';
import {
  ProtocolError,
  readRegisterMessage,
  writeRegisterMessage,
  type ByteReader,
  type RegisterMessage,
} from '#protocol';
import type { Announcement, ClientSide, RegisterClientDesk } from './client-side.js';
import { baseEntry } from './gateway-entries.js';

/** A register that refuses a gateway says nothing and closes: so soon after the announcement, that is most likely why. */
const REFUSED_WITHIN_MS = 1_000;

/** A node that talks to registers as those of the original do. */
export class BaseClientSide implements ClientSide {
  readonly refusal =
    'closed the link right after we announced ourselves: the secret probably differs. ' +
    "Give every node the same one; the register's log tells the reason.";
  readonly handler: LinkHandler = {
    connected: (link) => this.#onConnected(link),
    frame: (payload, link) => this.#onFrame(payload, link),
    closed: (_link, reason) => this.#onClosed(reason),
  };
  readonly #announcement: RegisterMessage;
  #announcedAt = 0;
  #isAccepted = false;
  #settling: NodeJS.Timeout | undefined;

  constructor(
    private readonly as: Announcement,
    secretText: string,
    private readonly desk: RegisterClientDesk,
  ) {
    const secret = Buffer.from(secretText, 'utf8');
    this.#announcement =
      as.role === 'gateway'
        ? { type: 'gatewayConnect', address: as.gateway.address, secret }
        : { type: 'workerConnect', secret };
  }

  #onConnected(link: Link): void {
    this.#announcedAt = Date.now();
    link.send((writer) => writeRegisterMessage(writer, this.#announcement));
    if (this.as.role === 'worker') return;
    this.#onAccepted(link);
    this.#settling = setTimeout(() => this.desk.settled(), REFUSED_WITHIN_MS).unref();
  }

  #onAccepted(link: Link): void {
    link.accept();
    this.#isAccepted = true;
    this.desk.accepted();
  }

  #onFrame(payload: ByteReader, link: Link): void {
    const message = readRegisterMessage(payload);
    if (message.type === 'ping') return;
    if (message.type !== 'gatewayList') {
      throw new ProtocolError(
        'ERR_NESTWIRE_MALFORMED',
        `${link.peer} announced itself to us: it is a node, not a register`,
      );
    }
    if (this.as.role === 'gateway') return;
    if (!this.#isAccepted) {
      this.#onAccepted(link);
      this.desk.settled();
    }
    this.as.listed(message.gateways.map(baseEntry));
  }

  #onClosed(reason: Error | undefined): void {
    const wasRefused = this.#looksRefused(reason);
    const wasAccepted = this.#isAccepted;
    this.#isAccepted = false;
    this.#announcedAt = 0;
    clearTimeout(this.#settling);
    if (wasRefused) this.desk.closed('refused', reason);
    else this.desk.closed(wasAccepted ? 'lost' : 'unreachable', reason);
  }

  #looksRefused(reason: Error | undefined): boolean {
    if (!(reason instanceof LinkClosedError) || this.#announcedAt === 0) return false;
    return this.as.role === 'worker' ? !this.#isAccepted : Date.now() - this.#announcedAt < REFUSED_WITHIN_MS;
  }
}
