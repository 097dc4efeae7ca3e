import type { ByteString } from '#protocol';
import { Connection } from './connection.js';
import { ConnectionSlots } from './connection-slots.js';
import { InSteps, MOST_AT_ONCE, STEP_SIZE } from './in-steps.js';
import type { MemberRange } from './member-range.js';
import { Namespace } from './namespace.js';
import { END_OF_SLOTS, slotOf } from './slot-allocator.js';
import type { TableObserver } from './table-observer.js';
import type { Transport } from './transport.js';

const DEFAULT_NAMESPACE = '';

/**
 * Every connection of this gateway, by id, uid and group. Ids hold their slot, so a look-up by id needs no map, and a scan of the
 * slots is an ascending page. Nothing in it stands still to grow, however many there are.
 */
export class ConnectionTable {
  readonly #slots = new ConnectionSlots<Connection>();
  readonly #namespaces = new Map<string, Namespace<Connection>>();
  readonly #observer: TableObserver;

  constructor(observer: TableObserver = {}) {
    this.#observer = observer;
    this.#namespaces.set(DEFAULT_NAMESPACE, new Namespace(DEFAULT_NAMESPACE, this.#slots));
  }

  /** How many connections there are. */
  get size(): number {
    return this.#slots.taken.size;
  }

  /** One more than the highest slot ever used: what a sweep over all connections walks through. */
  get slotCount(): number {
    return this.#slots.slotCount;
  }

  get namespace(): Namespace<Connection> {
    return this.#namespaces.get(DEFAULT_NAMESPACE)!;
  }

  /** All connections, in ascending order of ids. */
  get everyone(): MemberRange<Connection> {
    return this.#slots.taken;
  }

  /** @returns undefined when the process can hold no more. */
  open(transport: Transport): Connection | undefined {
    const { namespace } = this;
    const connection = this.#slots.take((id) => new Connection(id, transport, namespace));
    if (connection !== undefined) this.#observer.opened?.(connection);
    return connection;
  }

  /** Takes the connection out, with everything that named it. */
  close(connection: Connection): void {
    connection.transition('closed');
    this.unbind(connection);
    for (const group of connection.groups) this.leave(connection, group);
    this.#slots.release(connection);
    this.#observer.closed?.(connection);
  }

  /** Undefined for an id that is not, or no longer, a connection's. */
  get(id: number): Connection | undefined {
    const connection = this.#slots.at(slotOf(id));
    return connection?.id === id ? connection : undefined;
  }

  at(slot: number): Connection | undefined {
    return this.#slots.at(slot);
  }

  all(): IterableIterator<Connection> {
    return this.everyone[Symbol.iterator]();
  }

  /** The first slot whose id may be greater than this one: where a page after it begins. */
  slotAfter(id: number): number {
    return this.#slots.slotAfter(id);
  }

  bind(connection: Connection, uid: ByteString): void {
    if (connection.uid === uid) return;
    this.unbind(connection);
    if (uid === '') return;
    connection.uid = connection.namespace.uids.add(uid, connection);
    this.#observer.bound?.(connection, uid);
  }

  unbind(connection: Connection): void {
    const { uid } = connection;
    if (uid === '') return;
    connection.namespace.uids.remove(uid, connection);
    connection.uid = '' as ByteString;
    this.#observer.unbound?.(connection, uid);
  }

  join(connection: Connection, group: ByteString): void {
    if (connection.isIn(group)) return;
    connection.noteJoined(connection.namespace.groups.add(group, connection));
    this.#observer.joined?.(connection, group);
  }

  leave(connection: Connection, group: ByteString): void {
    if (!connection.isIn(group)) return;
    connection.noteLeft(group);
    connection.namespace.groups.remove(group, connection);
    this.#observer.left?.(connection, group);
  }

  /** Every member leaves: of a large group in steps, and who joins meanwhile may or may not stay. */
  dissolve(group: ByteString): InSteps | undefined {
    const members = this.namespace.groups.members(group);
    if (members.size > MOST_AT_ONCE) return new InSteps(this.#dissolveSteps(group, members));
    for (const member of members) this.leave(member, group);
    return undefined;
  }

  *#dissolveSteps(group: ByteString, members: MemberRange<Connection>): IterableIterator<void> {
    for (let slot = 0; slot < END_OF_SLOTS; yield) {
      slot = members.visit(slot, STEP_SIZE, (member) => this.leave(member, group));
    }
  }
}
