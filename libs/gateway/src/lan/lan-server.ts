import { LinkServer, type Link } from '#link';
import type { NodeAddress } from '#protocol';
import { TooManyLinksError } from '../errors.js';
import { baseTalk } from './base-talk.js';
import type { LanParts } from './lan-parts.js';
import { LanReport } from './lan-report.js';
import { NestwireTalk } from './nestwire-talk.js';

/** The port where workers and API callers come in, whichever protocol they speak there. */
export class LanServer {
  readonly #parts: LanParts;
  readonly #server: LinkServer;
  readonly #report: LanReport;
  readonly #talk: NestwireTalk | undefined;

  constructor(parts: LanParts, gatewayId: string) {
    const { options, log, stats } = parts;
    this.#parts = parts;
    this.#report = new LanReport(stats, log);
    const port = {
      admit: (link: Link): boolean => this.#admit(link),
      closed: (link: Link, reason: Error | undefined): void => this.#report.ended(link, reason),
    };
    this.#talk = options.protocol === 'base' ? undefined : new NestwireTalk(parts, port, gatewayId);
    this.#server = new LinkServer(options.link, this.#talk?.handler ?? baseTalk(parts, port), log);
  }

  /** @throws ListenError when the port cannot be taken. */
  async listen(): Promise<NodeAddress> {
    const address = await this.#server.listen(this.#parts.options.lan, 'gateway.lan');
    this.#talk?.start(this.#server.links);
    return address;
  }

  /** Resolves when all links are gone. */
  async close(): Promise<void> {
    this.#talk?.stop();
    await this.#server.close();
  }

  #admit(link: Link): boolean {
    const { maxLinks } = this.#parts.options;
    if (this.#server.links.size <= maxLinks) return true;
    link.destroy(new TooManyLinksError(maxLinks));
    return false;
  }
}
