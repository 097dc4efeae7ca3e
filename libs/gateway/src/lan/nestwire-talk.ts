import { randomBytes } from 'node:crypto';
import { listenerHandshake, secretsOf, type Link, type LinkHandler, type PeerIdentity } from '#link';
import {
  codeFact,
  ExtensionCode,
  ProtocolError,
  readAcknowledge,
  readTakeEvents,
  type ByteReader,
} from '#protocol';
import { nodeName } from '#register';
import { SlowLeaveError } from '../errors.js';
import { sayLeft, type ReleaseHeld } from '../workers/worker-pool.js';
import type { WorkerLink } from '../workers/worker-link.js';
import { mayRead } from './base-talk.js';
import { FencedSessions } from './fenced-sessions.js';
import type { LanParts } from './lan-parts.js';
import type { LinkPort } from './link-port.js';

/** So many pings in the time after which a silent peer is given up. */
const PINGS_A_SILENCE = 4;
/** What a burst has left is let go so often where nobody is pinged. */
const TRIM_MS = 10_000;

/**
 * The extension on the LAN port: both sides prove themselves, and one link carries events, acknowledgements, commands and replies,
 * so that an acknowledgement cannot overtake the commands of its handler.
 */
export class NestwireTalk {
  readonly handler: LinkHandler;
  readonly #parts: LanParts;
  readonly #fenced = new FencedSessions();
  readonly #peers = new Map<Link, PeerIdentity>();
  readonly #release: ReleaseHeld;
  /** How long workers that leave may take to finish. */
  readonly #leaves = new Map<Link, NodeJS.Timeout>();
  #rounds: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(parts: LanParts, port: LinkPort, gatewayId: string) {
    const { options, commands, events, workers } = parts;
    this.#parts = parts;
    this.#release = (connection, held) => events.releaseHeld(connection, held);
    const session = randomBytes(16).toString('hex');
    this.handler = listenerHandshake(
      {
        secrets: secretsOf(options.secret),
        role: 'gateway',
        name: nodeName(),
        gatewayId,
        session: () => session,
        admit: (peer) =>
          this.#fenced.has(peer.session)
            ? {
                code: 'fenced',
                text: 'This session was given up, and its events are at other workers. Come back with a new one',
              }
            : undefined,
      },
      {
        connected: (link) => void port.admit(link),
        welcomed: (link, peer) => this.#welcome(link, peer),
        frame: (payload, link) => commands.dispatch(payload, link),
        congested: (link) => {
          if (!workers.has(link)) link.pause();
        },
        drained: (link) => {
          workers.drained(link);
          if (mayRead(link, parts)) link.resume();
        },
        // Whoever is done says so with Leave: a link of which one half is gone serves nobody.
        ended: (link) => this.#gone(link),
        closed: (link, reason) => {
          this.#gone(link, reason);
          this.#peers.delete(link);
          port.closed(link, reason);
        },
      },
    );
    commands.extend({
      [ExtensionCode.Acknowledge]: (payload, link) => this.#acknowledge(payload, link),
      [ExtensionCode.TakeEvents]: (payload, link) => this.#takeEvents(payload, link),
      [ExtensionCode.Leave]: (payload, link) => this.#leave(payload, link),
      [ExtensionCode.Ping]: (payload, link) => {
        payload.expectEnd('A ping');
        link.send((writer) => writer.u8(ExtensionCode.Pong));
      },
      // That it came is all that it says: the link has noted that its peer lives.
      [ExtensionCode.Pong]: (payload) => payload.expectEnd('A pong'),
    });
  }

  /** Pings all peers, so that none of them is silent for long while it is well, and lets go what a burst has left. */
  start(links: ReadonlySet<Link>): void {
    const { workerSilenceTimeoutMs } = this.#parts.options;
    const arePinged = workerSilenceTimeoutMs > 0;
    this.#rounds = setInterval(
      () => {
        if (arePinged) ping(links);
        this.#parts.workers.trim();
      },
      arePinged ? Math.ceil(workerSilenceTimeoutMs / PINGS_A_SILENCE) : TRIM_MS,
    ).unref();
  }

  /** Nothing more comes from here: the links are about to be closed. */
  stop(): void {
    clearInterval(this.#rounds);
    this.#isStopped = true;
    this.#parts.workers.end();
  }

  #welcome(link: Link, peer: PeerIdentity): void {
    this.#peers.set(link, peer);
    link.watchSilence(this.#parts.options.workerSilenceTimeoutMs);
  }

  #takeEvents(payload: ByteReader, link: Link): void {
    const { workers, events, options, log } = this.#parts;
    const { windowBytes, tags } = readTakeEvents(payload);
    if (workers.has(link)) {
      throw new ProtocolError('ERR_NESTWIRE_MALFORMED', 'A worker asked for events twice');
    }
    if (link.state !== 'open') return; // gone while its frame had to wait
    const window = Math.min(
      windowBytes === 0 ? Number.POSITIVE_INFINITY : windowBytes,
      options.maxUnacknowledgedBytes,
    );
    workers.addAcknowledging(link, tags, window);
    log.log(`${this.#nameOf(link)} takes events`, { workers: workers.size });
    events.releaseParked();
  }

  #acknowledge(payload: ByteReader, link: Link): void {
    const worker = this.#worker(link, 'An acknowledgement');
    const { workers } = this.#parts;
    readAcknowledge(payload, (first, count) => workers.acknowledge(worker, first, count, this.#release));
  }

  #leave(payload: ByteReader, link: Link): void {
    payload.expectEnd('A leave');
    const worker = this.#worker(link, 'A leave');
    const { workers, options, log } = this.#parts;
    if (worker.isLeaving) throw new ProtocolError('ERR_NESTWIRE_MALFORMED', 'A worker left twice');
    workers.leave(worker);
    sayLeft(link);
    log.log(`${this.#nameOf(link)} leaves, and takes nothing new`, { workers: workers.size });
    const { parkedAgeMs } = options;
    const timer = setTimeout(() => {
      if (worker.journal !== undefined && worker.journal.size > 0)
        link.destroy(new SlowLeaveError(this.#nameOf(link), parkedAgeMs));
    }, parkedAgeMs).unref();
    this.#leaves.set(link, timer);
  }

  #worker(link: Link, what: string): WorkerLink {
    const worker = this.#parts.workers.workerOf(link);
    if (worker !== undefined) return worker;
    throw new ProtocolError('ERR_NESTWIRE_MALFORMED', `${what} came on a link that takes no events`);
  }

  /** The worker is given up at once: others get what it has not acknowledged, and it may not come back as the one that it was. */
  #gone(link: Link, reason?: Error): void {
    const { workers, events, commands, stats } = this.#parts;
    const worker = workers.remove(link);
    if (worker === undefined) return;
    clearTimeout(this.#leaves.get(link));
    this.#leaves.delete(link);
    const isDone = worker.isLeaving && worker.journal?.size === 0;
    // Of one that has left and is done with everything nobody else gets anything: what it said last is done.
    if (!isDone) commands.drop(link);
    const peer = this.#peers.get(link);
    if (peer !== undefined) this.#fenced.add(peer.session);
    if (link.state !== 'closed') link.destroy();
    if (!worker.isLeaving) stats.workersLost++;
    this.#tellGone(this.#nameOf(link), isDone, reason);
    const redelivered = events.redeliver(worker);
    if (redelivered === 0 || this.#isStopped) return;
    stats.eventsRedelivered += redelivered;
    this.#tellRedelivered(this.#nameOf(link), redelivered);
  }

  #tellGone(name: string, isDone: boolean, reason: Error | undefined): void {
    const { workers, options, log } = this.#parts;
    const { size } = workers;
    if (isDone || this.#isStopped) {
      log.log(`${name} takes no more events: it has left`, { workers: size });
    } else {
      const why = reason?.message ?? 'it has closed its link without leaving';
      const facts = { workers: size, ...codeFact(reason) };
      log.warn(`${name} takes no more events, and is given up: ${why}`, facts);
    }
    if (size > 0 || this.#isStopped) return;
    const limit = `for ${options.parkedAgeMs} ms, and as long as there is room (parkedBytes, parkedClientBytes)`;
    const then =
      options.withoutWorker === 'drop' ? 'messages are dropped' : 'their clients are closed with 1013';
    log.warn(`There is no worker: events wait for one ${limit}; then ${then}`);
  }

  #tellRedelivered(name: string, redelivered: number): void {
    const { workers, log } = this.#parts;
    const whose = workers.size > 0 ? 'go to others' : 'wait for another one';
    log.log(`Events that ${name} was not done with ${whose}`, { redelivered });
  }

  /** For the log: what it calls itself, and where it is. */
  #nameOf(link: Link): string {
    const name = this.#peers.get(link)?.name ?? '';
    return name === '' ? `Worker ${link.peer}` : `Worker ${name} (${link.peer})`;
  }
}

function ping(links: ReadonlySet<Link>): void {
  for (const link of links) if (link.state === 'open') link.send((writer) => writer.u8(ExtensionCode.Ping));
}
