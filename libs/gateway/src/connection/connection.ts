import type { ByteString } from '#protocol';
import { hasItem, itemsOf, withItem, withoutItem, type CompactSet } from './compact-set.js';
import type { Namespace } from './namespace.js';
import type { Transport } from './transport.js';

/**
 * `announced`: it has an id, and its Open waits for a worker. `open`: a worker has been told of it, so that its Close
 * must come too. `closing`: the end is decided and the transport is saying goodbye. `closed`: out of the table.
 */
export type ConnectionState = 'announced' | 'open' | 'closing' | 'closed';

export const CONNECTION_TRANSITIONS: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = {
  announced: ['open', 'closing', 'closed'],
  open: ['closing', 'closed'],
  closing: ['closed'],
  closed: [],
};

export interface Ending {
  readonly code: number;
  readonly reason: string;
}

export const NOT_PINGED = -1;
export const NO_SESSION = Buffer.alloc(0);
const UNBOUND = '' as ByteString;

/**
 * One client as the gateway knows it, apart from the socket that carries its bytes. There may be a million: every field takes
 * 8 bytes of each, and a number that is not a small integer 16 more.
 */
export class Connection {
  #state: ConnectionState = 'announced';
  #wasOpen = false;
  /** As a signed number, which is a small integer also for the upper half of all ids. */
  readonly #signedId: number;
  #groups: CompactSet<ByteString>;
  /** Empty when none is bound. Changed by the table alone, which keeps the index. */
  uid: ByteString = UNBOUND;
  /** Serialized; empty for an empty session. */
  session: Buffer = NO_SESSION;
  /** Why the gateway ended it, once it did: a peer that is gone confirms no close code. */
  ending: Ending | undefined;
  /** What it had sent in all when it was last pinged; `NOT_PINGED` when no answer is awaited. */
  receivedAtPing = NOT_PINGED;
  /** Of events of it that are at its worker and not done with, each with an overhead: while there are some, it stays with that worker. */
  unacknowledgedBytes = 0;
  #readingHolds = 0;
  readonly connectedAtMs = Date.now();

  constructor(
    id: number,
    readonly transport: Transport,
    readonly namespace: Namespace<Connection>,
  ) {
    this.#signedId = id | 0;
  }

  get id(): number {
    return this.#signedId >>> 0;
  }

  get groups(): readonly ByteString[] {
    return itemsOf(this.#groups);
  }

  isIn(group: ByteString): boolean {
    return hasItem(this.#groups, group);
  }

  /** The table alone calls this, which keeps the index. @param group it is not in it */
  noteJoined(group: ByteString): void {
    this.#groups = withItem(this.#groups, group);
  }

  /** The table alone calls this, which keeps the index. @param group it is in it */
  noteLeft(group: ByteString): void {
    this.#groups = withoutItem(this.#groups, group);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Messages to it are delivered, and events of it are forwarded. */
  get isOnline(): boolean {
    return this.#state === 'open' || this.#state === 'announced';
  }

  /** A worker was told that it came, and so must be told that it went. */
  get wasOpen(): boolean {
    return this.#wasOpen;
  }

  /**
   * It is not to be read until `releaseReading`, for one reason more: each has its own time. Whoever has a reason calls this once for it,
   * and knows by himself that he did.
   */
  holdReading(): void {
    if (this.#readingHolds++ === 0) this.transport.pause();
  }

  /** One reason not to read it is over; it is read again when no other is left. One that is ending is read in any case. */
  releaseReading(): void {
    if (--this.#readingHolds > 0 || !this.isOnline) return;
    // Its answer to a ping may lie unread, and must not be missed before it can be read.
    this.receivedAtPing = NOT_PINGED;
    this.transport.resume();
  }

  /** The one place where the state changes: it is what makes Open and Close happen exactly once. */
  transition(to: ConnectionState): void {
    if (!CONNECTION_TRANSITIONS[this.#state].includes(to)) {
      throw new TypeError(`Connection ${this.id} cannot go from ${this.#state} to ${to}`);
    }
    this.#state = to;
    if (to === 'open') this.#wasOpen = true;
  }
}
