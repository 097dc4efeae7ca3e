import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from '#link';
import { ExtensionCode, type Tag } from '#protocol';
import type { Connection } from '../connection/connection.js';
import { slotOf } from '../connection/slot-allocator.js';
import { EventJournal, type DoneTaker } from './event-journal.js';
import type { ParkedEvent } from './parking.js';
import { RouteTable } from './route-table.js';
import { WorkerLink } from './worker-link.js';
import type { WorkerRouter } from './worker-router.js';

const POLL_MS = 10;

/** Is given what was kept back of a client. */
export type ReleaseHeld = (connection: Connection, events: readonly ParkedEvent[]) => void;

/** The workers that take events now, and which of them serves which client. */
export class WorkerPool {
  readonly #byLink = new Map<Link, WorkerLink>();
  readonly #routes: RouteTable;
  /** Of clients that are gone, and have events left that go to one worker after another. */
  readonly #lateRoutes = new Map<Connection, WorkerLink>();
  #workers: readonly WorkerLink[] = [];
  /** Those of them that take anything new. */
  #takers: readonly WorkerLink[] = [];
  #lastId = 0;

  readonly #clientShareBytes: number;

  /**
   * @param moveAfterQuietMs how long a client must have been quiet before it may move to another worker while its own is there
   * @param clientShareBytes most bytes of events of one client that may be unacknowledged; 0 disables the limit
   */
  constructor(
    private readonly router: WorkerRouter,
    moveAfterQuietMs: number,
    clientShareBytes: number,
  ) {
    this.#clientShareBytes = clientShareBytes || Number.POSITIVE_INFINITY;
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

  /** A worker of the base protocol, which acknowledges nothing. */
  add(link: Link, tags: readonly Tag[]): WorkerLink {
    const worker = this.#take(new WorkerLink(++this.#lastId, link, tags));
    if (this.#routes.movesAtOnce) for (const former of this.#workers) this.#releaseMoved(former);
    return worker;
  }

  /** @param windowBytes most bytes of events that may be there without being acknowledged */
  addAcknowledging(link: Link, tags: readonly Tag[], windowBytes: number): WorkerLink {
    const journal = new EventJournal(link.retainSent());
    const worker = this.#take(new WorkerLink(++this.#lastId, link, tags, journal, windowBytes));
    for (const former of this.#takers) this.#releaseMoved(former);
    return worker;
  }

  /** @returns the worker that it was, with what it was sent and did not get done with */
  remove(link: Link): WorkerLink | undefined {
    const worker = this.#byLink.get(link);
    if (worker === undefined) return undefined;
    this.#byLink.delete(link);
    this.#routes.leave(worker);
    for (const [connection, former] of this.#lateRoutes)
      if (former === worker) this.#lateRoutes.delete(connection);
    this.#changed();
    this.#resumeClients(worker);
    for (const connection of worker.overShare) letGo(worker.overShare, connection);
    return worker;
  }

  /** It gets nothing new: a client goes to another worker as soon as nothing of it is left at this one. */
  leave(worker: WorkerLink): void {
    if (worker.isLeaving) return;
    worker.isLeaving = true;
    this.#changed();
    // Some of them may move at once, and a leaving worker is never behind.
    this.#resumeClients(worker);
  }

  /** Keeps an event until those before it, at a worker that leaves, are done with. Meanwhile its client is not read. */
  hold(worker: WorkerLink, connection: Connection, event: ParkedEvent): void {
    const waiting = worker.held.get(connection);
    if (waiting === undefined) worker.held.set(connection, [event]);
    else waiting.push(event);
    holdBack(worker.paused, connection);
  }

  /**
   * The worker is done with these events.
   * @param release told when the last event of a client is done with for which newer ones waited
   * @throws ProtocolError for events that are not at this worker
   */
  acknowledge(worker: WorkerLink, first: number, count: number, release: ReleaseHeld): void {
    const settled: Connection[] = [];
    try {
      worker.journal?.acknowledge(first, count, this.#settlerOf(worker, settled));
    } finally {
      // In any case: their clients may move from here on.
      for (const connection of settled) {
        if (worker.isLeaving) this.#releaseSettled(worker, connection, release);
        else if (worker.paused.has(connection)) this.#releaseIfMoved(worker, connection);
      }
    }
    if (worker.paused.size > 0 && !worker.isLeaving && worker.hasCaughtUp) this.#resumeClients(worker);
  }

  /** Undefined when there is no worker at all. */
  route(connection: Connection): WorkerLink | undefined {
    // Its slot may be another's by now: only what was parked or is redelivered comes so late.
    if (connection.state === 'closed') return this.#routeLate(connection);
    const slot = slotOf(connection.id);
    const known = this.#routes.use(slot, connection.unacknowledgedBytes === 0);
    if (known !== undefined) return known;
    const chosen = this.#choose(connection);
    this.#routes.set(slot, chosen);
    return chosen;
  }

  /**
   * A message of the client has gone to the worker. When the worker is behind, or has its share of the client, the client waits in its
   * own socket instead of our memory, and in the second case it alone.
   */
  sent(worker: WorkerLink, connection: Connection): void {
    if (connection.unacknowledgedBytes >= this.#clientShareBytes) holdBack(worker.overShare, connection);
    if (worker.isBehind) holdBack(worker.paused, connection);
  }

  /** What was unsent is sent. */
  drained(link: Link): void {
    const worker = this.#byLink.get(link);
    // The clients of one that leaves wait for something else.
    if (worker?.isLeaving === false && worker.hasCaughtUp) this.#resumeClients(worker);
  }

  /** To be called now and then: memory that a burst took, and that was not needed since the last time, is given up. */
  trim(): void {
    for (const { journal } of this.#workers) journal?.trim();
  }

  workerOf(link: Link): WorkerLink | undefined {
    return this.#byLink.get(link);
  }

  /** Events that workers were sent and are not done with. */
  get unacknowledged(): number {
    return this.#workers.reduce((sum, { journal }) => sum + (journal?.size ?? 0), 0);
  }

  /**
   * Resolves when the workers are done with all events, over the base protocol when these are with the system, or after the time
   * given: a worker that does not read, or does not finish, holds nobody up.
   */
  async untilDone(timeoutMs: number): Promise<void> {
    const endMs = Date.now() + timeoutMs;
    const isBusy = ({ link, journal }: WorkerLink): boolean =>
      link.queuedBytes > 0 || (journal !== undefined && journal.size > 0);
    while (Date.now() < endMs && this.#workers.some(isBusy)) await sleep(POLL_MS);
  }

  /**
   * The gateway ends: nobody gets anything more. Who is done with all that it was sent is told so; who is not will be interrupted in
   * it, and must not take that for an end in order.
   */
  end(): void {
    for (const worker of this.#workers) {
      if (worker.journal === undefined) continue;
      this.leave(worker);
      if (worker.journal.size === 0) sayLeft(worker.link);
    }
  }

  /** The connection is gone, and its slot is somebody else's soon. */
  forget(connection: Connection): void {
    this.#routes.set(slotOf(connection.id), undefined);
    for (const { paused, overShare } of this.#workers) {
      paused.delete(connection);
      overShare.delete(connection);
    }
  }

  #choose(connection: Connection): WorkerLink | undefined {
    return this.#takers.length === 0 ? undefined : this.router.choose(connection, this.#takers);
  }

  /** The events of one client go to one worker also after its end. */
  #routeLate(connection: Connection): WorkerLink | undefined {
    const known = connection.unacknowledgedBytes > 0 ? this.#lateRoutes.get(connection) : undefined;
    const worker = known ?? this.#choose(connection);
    if (worker?.journal !== undefined) this.#lateRoutes.set(connection, worker);
    return worker;
  }

  #take(worker: WorkerLink): WorkerLink {
    this.#byLink.set(worker.link, worker);
    this.#changed();
    return worker;
  }

  /** Undefined while nobody waits for what is done with, which is the usual case. */
  #settlerOf(worker: WorkerLink, settled: Connection[]): DoneTaker | undefined {
    const { overShare, paused, isLeaving } = worker;
    const areAwaited = isLeaving || paused.size > 0;
    if (!areAwaited && overShare.size === 0 && this.#lateRoutes.size === 0) return undefined;
    return (connection) => {
      if (connection.unacknowledgedBytes <= this.#clientShareBytes / 2) letGo(overShare, connection);
      if (connection.unacknowledgedBytes > 0) return;
      if (areAwaited) settled.push(connection);
      this.#lateRoutes.delete(connection);
    };
  }

  #releaseSettled(worker: WorkerLink, connection: Connection, release: ReleaseHeld): void {
    const events = worker.held.get(connection);
    if (events === undefined) return;
    worker.held.delete(connection);
    // First, because the worker that they go to may be behind, too, and hold the client back for itself.
    letGo(worker.paused, connection);
    release(connection, events);
  }

  #resumeClients(worker: WorkerLink): void {
    const { paused } = worker;
    for (const connection of paused) {
      // It was not quiet, it was not read; and what its worker took just now it has not worked off.
      this.#routes.touch(slotOf(connection.id));
      connection.releaseReading();
    }
    paused.clear();
  }

  #releaseMoved(former: WorkerLink): void {
    for (const connection of former.paused) this.#releaseIfMoved(former, connection);
  }

  /** A client that is another worker's by now need not wait for this one. */
  #releaseIfMoved(former: WorkerLink, connection: Connection): void {
    if (this.route(connection) !== former) letGo(former.paused, connection);
  }

  #changed(): void {
    this.#workers = [...this.#byLink.values()];
    this.#takers = this.#workers.filter(({ isLeaving }) => !isLeaving);
    this.#routes.outdate();
  }
}

/** For a reason that is not one yet. */
function holdBack(reason: Set<Connection>, connection: Connection): void {
  if (reason.has(connection) || !connection.isOnline) return;
  reason.add(connection);
  connection.holdReading();
}

/** The client need not wait for this reason any more. */
function letGo(reason: Set<Connection>, connection: Connection): void {
  if (reason.delete(connection)) connection.releaseReading();
}

export function sayLeft(link: Link): void {
  link.send((writer) => writer.u8(ExtensionCode.Left));
}
