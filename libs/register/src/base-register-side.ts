import type { Link, LinkHandler } from '#link';
import {
  ByteWriter,
  readRegisterMessage,
  writeRegisterMessage,
  type ByteReader,
  type GatewayEntry,
} from '#protocol';
import { baseEntry } from './gateway-entries.js';
import { RegisterRefusedError } from './refusal.js';
import type { RegisterDesk, RegisterSide } from './register-desk.js';
import { SecretComparer } from './secret.js';

/** The register as nodes of the original know it: they send the secret, and are answered with addresses. */
export class BaseRegisterSide implements RegisterSide {
  readonly #secrets: readonly SecretComparer[];
  readonly handler: LinkHandler = {
    connected: (link) => this.desk.connected(link),
    frame: (payload, link) => this.#onFrame(payload, link),
    closed: (link, reason) => this.desk.closed(link, reason),
  };

  constructor(
    secrets: readonly string[],
    private readonly desk: RegisterDesk,
  ) {
    this.#secrets = secrets.map((secret) => new SecretComparer(secret));
  }

  list(gateways: readonly GatewayEntry[]): Uint8Array {
    const payload = new ByteWriter();
    writeRegisterMessage(payload, {
      type: 'gatewayList',
      gateways: gateways.map(({ address }) => address),
    });
    return payload.view();
  }

  /** What it throws ends the link, and is logged and counted by the desk. */
  #onFrame(payload: ByteReader, link: Link): void {
    const message = readRegisterMessage(payload);
    switch (message.type) {
      case 'ping': // the link has noted that its peer lives
        return;
      case 'gatewayConnect':
        this.#authenticate(link, message.secret);
        return this.desk.gatewayAnnounced(link, baseEntry(message.address), link.peer);
      case 'workerConnect':
        this.#authenticate(link, message.secret);
        link.accept();
        return this.desk.callerCame(link, link.peer);
      case 'gatewayList':
        throw new RegisterRefusedError(link.peer, 'unexpectedMessage');
    }
  }

  #authenticate(link: Link, secret: Uint8Array): void {
    if (link.state !== 'handshaking') throw new RegisterRefusedError(link.peer, 'announcedTwice');
    // All of them, so that the time does not tell which one it was.
    const matches = this.#secrets.map((known) => known.matches(secret));
    if (!matches.includes(true)) throw new RegisterRefusedError(link.peer, 'wrongSecret');
  }
}
