import { LogThrottle, type Link, type NodeLog } from '#link';
import { codeFact, NestwireError } from '#protocol';
import { TooManyLinksError } from '../errors.js';
import type { GatewayStats } from '../gateway-stats.js';

/** Says why links to the gateway ended: counted each time, logged so often that strangers cannot fill the disk. */
export class LanReport {
  readonly #throttle = new LogThrottle();

  constructor(
    private readonly stats: GatewayStats,
    private readonly log: NodeLog,
  ) {}

  ended(link: Link, reason: Error | undefined): void {
    // That a peer closes its link is everyday; anything else it brought on itself.
    if (reason === undefined) return;
    const kind = reason instanceof NestwireError ? reason.code : reason.name;
    if (kind === 'ERR_NESTWIRE_LINK_CLOSED') return;
    if (reason instanceof TooManyLinksError) this.stats.linksRefused++;
    else this.stats.badLinks++;
    const text = `Closed the link from ${link.peer}: ${reason.message}`;
    this.#throttle.warn(this.log, kind, text, codeFact(reason));
  }
}
