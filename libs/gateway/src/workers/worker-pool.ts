import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from '#link';
import type { Tag } from '#protocol';
import { NOT_PINGED, type Connection } from '../connection/connection.js';
import { slotOf } from '../connection/slot-allocator.js';
import { WorkerLink } from './worker-link.js';
import { RouteTable } from './route-table.js';
import type { WorkerRouter } from './worker-router.js';

const POLL_MS = 10;

/** The workers that take events now, and which of them serves which client. */
export class WorkerPool {
  readonly #byLink = new Map<Link, WorkerLink>();
  readonly #routes: RouteTable;
  #workers: readonly WorkerLink[] = [];
  #lastId = 0;

  /** @param moveAfterQuietMs how long a client must have been quiet before it may move to another worker while its own is there */
  constructor(
    private readonly router: WorkerRouter,
    moveAfterQuietMs: number,
  ) {
    this.#routes = new RouteTable(moveAfterQuietMs);
  }

  get size(): number {
    return this.#workers.length;
  }

  get workers(): readonly WorkerLink[] {
    return this.#workers;
  }

  /** Until then no client counts as quiet. */
  start(): void {
    this.#routes.start();
  }

  stop(): void {
    this.#routes.stop();
  }

  has(link: Link): boolean {
    return this.#byLink.has(link);
  }

  add(link: Link, tags: readonly Tag[]): WorkerLink {
    const worker = new WorkerLink(++this.#lastId, link, tags);
    this.#byLink.set(link, worker);
    this.#changed();
    if (this.#routes.movesAtOnce) for (const former of this.#workers) this.#releaseMoved(former);
    return worker;
  }

  remove(link: Link): boolean {
    const worker = this.#byLink.get(link);
    if (worker === undefined) return false;
    this.#byLink.delete(link);
    this.#routes.leave(worker);
    this.#changed();
    this.#resumeClients(worker);
    return true;
  }

  /** Undefined when there is no worker at all. */
  route(connection: Connection): WorkerLink | undefined {
    // Its slot may be another's by now: only a close event that was parked comes so late.
    if (connection.state === 'closed') return this.#choose(connection);
    const slot = slotOf(connection.id);
    const known = this.#routes.use(slot);
    if (known !== undefined) return known;
    const chosen = this.#choose(connection);
    this.#routes.set(slot, chosen);
    return chosen;
  }

  /** The worker is behind: its clients wait in their own sockets instead of our memory. */
  holdBack(worker: WorkerLink, connection: Connection): void {
    if (worker.paused.has(connection) || !connection.isOnline) return;
    worker.paused.add(connection);
    connection.transport.pause();
  }

  /** The worker has caught up. */
  drained(link: Link): void {
    const worker = this.#byLink.get(link);
    if (worker !== undefined) this.#resumeClients(worker);
  }

  /** Resolves when all events are with the system, or after the time given: a worker that does not read holds nobody up. */
  async untilSent(timeoutMs: number): Promise<void> {
    const endMs = Date.now() + timeoutMs;
    while (Date.now() < endMs && this.#workers.some(({ link }) => link.queuedBytes > 0)) await sleep(POLL_MS);
  }

  /** The connection is gone, and its slot is somebody else's soon. */
  forget(connection: Connection): void {
    this.#routes.set(slotOf(connection.id), undefined);
    for (const { paused } of this.#workers) paused.delete(connection);
  }

  #choose(connection: Connection): WorkerLink | undefined {
    return this.#workers.length === 0 ? undefined : this.router.choose(connection, this.#workers);
  }

  #resumeClients(worker: WorkerLink): void {
    const { paused } = worker;
    for (const connection of paused) {
      // It was not quiet, it was not read; and what its worker took just now it has not worked off.
      this.#routes.touch(slotOf(connection.id));
      resume(connection);
    }
    paused.clear();
  }

  /** Clients that are another worker's by now need not wait for this one. */
  #releaseMoved(former: WorkerLink): void {
    for (const connection of former.paused) {
      if (this.route(connection) === former) continue;
      former.paused.delete(connection);
      resume(connection);
    }
  }

  #changed(): void {
    this.#workers = [...this.#byLink.values()];
    this.#routes.outdate();
  }
}

function resume(connection: Connection): void {
  if (!connection.isOnline) return;
  // Its answer to a ping may lie unread, and must not be missed before it can be read.
  connection.receivedAtPing = NOT_PINGED;
  connection.transport.resume();
}
