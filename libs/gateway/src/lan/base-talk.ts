import type { Link, LinkHandler } from '#link';
import type { Tag } from '#protocol';
import type { LanParts } from './lan-parts.js';
import type { LinkPort } from './link-port.js';

/**
 * The base protocol on the LAN port. It has no handshake: the secret guards the register, which alone tells this address. A worker
 * keeps two links, because a reply cannot be told from an event.
 */
export function baseTalk({ workers, commands, log }: LanParts, port: LinkPort): LinkHandler {
  const onWorkerGone = (link: Link): void => {
    if (workers.remove(link) === undefined) return;
    log.log(`Worker ${link.peer} takes no more events`, { workers: workers.size });
  };
  return {
    connected: (link) => {
      if (port.admit(link)) link.accept();
    },
    frame: (payload, link) => commands.dispatch(payload, link),
    // A caller that does not read its replies gets no more of its questions read.
    congested: (link) => {
      if (!workers.has(link)) link.pause();
    },
    drained: (link) => {
      workers.drained(link);
      if (mayRead(link, { workers, commands })) link.resume();
    },
    ended: onWorkerGone,
    closed: (link, reason) => {
      onWorkerGone(link);
      port.closed(link, reason);
    },
  };
}

/** Unless there is another reason to wait than the one that is over. */
export function mayRead(link: Link, { workers, commands }: Pick<LanParts, 'workers' | 'commands'>): boolean {
  return !commands.isBusy(link) && (workers.has(link) || !link.isCongested);
}

/** Of the base protocol, in which it is a command that a link gets events from now on. */
export function takeBaseWorker(
  { workers, events, options, log }: LanParts,
  link: Link,
  tags: readonly Tag[],
): void {
  if (workers.has(link) || link.state !== 'open') return; // gone while its command had to wait
  workers.add(link, tags);
  link.watchSilence(options.workerSilenceTimeoutMs);
  log.log(`Worker ${link.peer} takes events`, { workers: workers.size });
  events.releaseParked();
}
