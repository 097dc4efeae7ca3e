import type { Link } from '#link';
import { ExtensionCode, type FrameWriter, type Tag } from '#protocol';
import type { Connection } from '../connection/connection.js';
import { EventJournal } from './event-journal.js';
import type { ParkedEvent } from './parking.js';

/** A link on which a worker gets events. */
export class WorkerLink {
  /** Clients whose reading stopped because this worker does not keep up. */
  readonly paused = new Set<Connection>();
  /** Clients whose reading stopped because it has as much of each of them as it may. */
  readonly overShare = new Set<Connection>();
  /** Clients that have events at a worker that leaves, and newer ones that must not overtake them at the next worker. */
  readonly held = new Map<Connection, ParkedEvent[]>();
  /** It finishes what it has, and gets nothing new. */
  isLeaving = false;
  /** Session writes that it has sent, and how many of them it knows to be in the sessions that it gets. */
  #sessionWrites = 0;
  #toldSessionWrites = 0;
  #isTelling = false;

  constructor(
    /** Grows with every worker that comes; never reused while the gateway lives. */
    readonly id: number,
    readonly link: Link,
    readonly tags: readonly Tag[],
    /** What it has not acknowledged; undefined over the base protocol, which has no acknowledgements. */
    readonly journal?: EventJournal,
    /** Most bytes that may be unacknowledged. */
    private readonly windowBytes = Number.POSITIVE_INFINITY,
  ) {}

  /** Its clients have to wait: it does not read, or it does not get done with what it has. */
  get isBehind(): boolean {
    return this.link.isCongested || (this.journal !== undefined && this.journal.bytes >= this.windowBytes);
  }

  /** Enough is done with for more to come. */
  get hasCaughtUp(): boolean {
    return (
      !this.link.isCongested && (this.journal === undefined || this.journal.bytes <= this.windowBytes / 2)
    );
  }

  /** The frame for an event: to be written, and then sent with `endEvent`. */
  beginEvent(): FrameWriter {
    if (this.#sessionWrites !== this.#toldSessionWrites) this.#tellSessionWrites();
    return this.link.beginFrame();
  }

  /** It is told of them before its next event, and without one at the end of the turn: until then it keeps what it wrote. */
  noteSessionWrite(): void {
    this.#sessionWrites = (this.#sessionWrites + 1) >>> 0;
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      if (this.#sessionWrites !== this.#toldSessionWrites) this.#tellSessionWrites();
    });
  }

  endEvent(connection: Connection, frame: FrameWriter): void {
    this.journal?.add(connection, frame);
    this.link.endFrame();
  }

  #tellSessionWrites(): void {
    const { link } = this;
    this.#toldSessionWrites = this.#sessionWrites;
    const frame = link.beginFrame();
    frame.u8(ExtensionCode.SessionsApplied);
    frame.u32(this.#sessionWrites);
    link.endFrame();
  }
}
