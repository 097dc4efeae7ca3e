import type { ByteString } from '#protocol';
import { Connection } from './connection.js';
import { Namespace } from './namespace.js';
import { SlotAllocator, slotOf } from './slot-allocator.js';
import type { TableObserver } from './table-observer.js';
import type { Transport } from './transport.js';

const DEFAULT_NAMESPACE = '';

/**
 * Every connection of this gateway, by id, uid and group. Ids hold their slot, so a look-up is one array access, a scan of the
 * array is an ascending page, and no map of a million numbers stands still while it grows.
 */
export class ConnectionTable {
  readonly #slots: (Connection | undefined)[] = [undefined];
  readonly #ids = new SlotAllocator();
  readonly #namespaces = new Map<string, Namespace<Connection>>();
  readonly #observer: TableObserver;
  #size = 0;

  constructor(observer: TableObserver = {}) {
    this.#observer = observer;
    this.#namespaces.set(DEFAULT_NAMESPACE, new Namespace(DEFAULT_NAMESPACE));
  }

  /** How many connections there are. */
  get size(): number {
    return this.#size;
  }

  /** One more than the highest slot ever used: what a sweep over all connections walks through. */
  get slotCount(): number {
    return this.#slots.length;
  }

  get namespace(): Namespace<Connection> {
    return this.#namespaces.get(DEFAULT_NAMESPACE)!;
  }

  /** @returns undefined when the process can hold no more. */
  open(transport: Transport): Connection | undefined {
    const id = this.#ids.take();
    if (id === undefined) return undefined;
    const connection = new Connection(id, transport, this.namespace);
    this.#slots[slotOf(id)] = connection;
    this.#size++;
    this.#observer.opened?.(connection);
    return connection;
  }

  /** Takes the connection out, with everything that named it. */
  close(connection: Connection): void {
    connection.transition('closed');
    this.unbind(connection);
    for (const group of connection.groups ?? []) this.leave(connection, group);
    this.#slots[slotOf(connection.id)] = undefined;
    this.#ids.release(connection.id);
    this.#size--;
    this.#observer.closed?.(connection);
  }

  /** Undefined for an id that is not, or no longer, a connection's. */
  get(id: number): Connection | undefined {
    const connection = this.#slots[slotOf(id)];
    return connection?.id === id ? connection : undefined;
  }

  at(slot: number): Connection | undefined {
    return this.#slots[slot];
  }

  *all(): IterableIterator<Connection> {
    for (const connection of this.#slots) if (connection !== undefined) yield connection;
  }

  /** At most `limit` ids greater than `after`, ascending. */
  page(after: number, limit: number): number[] {
    const ids: number[] = [];
    const slots = this.#slots;
    for (let slot = slotOf(after); slot < slots.length && ids.length < limit; slot++) {
      const connection = slots[slot];
      if (connection !== undefined && connection.id > after) ids.push(connection.id);
    }
    return ids;
  }

  bind(connection: Connection, uid: ByteString): void {
    if (connection.uid === uid) return;
    this.unbind(connection);
    if (uid === '') return;
    connection.uid = uid;
    connection.namespace.uids.add(uid, connection);
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
    if (connection.groups?.has(group)) return;
    connection.groups ??= new Set();
    connection.groups.add(group);
    connection.namespace.groups.add(group, connection);
    this.#observer.joined?.(connection, group);
  }

  leave(connection: Connection, group: ByteString): void {
    if (!connection.groups?.delete(group)) return;
    if (connection.groups.size === 0) connection.groups = undefined;
    connection.namespace.groups.remove(group, connection);
    this.#observer.left?.(connection, group);
  }

  /** Every member leaves. */
  dissolve(group: ByteString): void {
    for (const member of this.namespace.groups.removeName(group)) {
      member.groups?.delete(group);
      if (member.groups?.size === 0) member.groups = undefined;
      this.#observer.left?.(member, group);
    }
  }
}

/** Ids of these connections, ascending as the lists of the protocol are. */
export function ascendingIds(connections: ReadonlySet<Connection>): number[] {
  const ids = new Uint32Array(connections.size);
  let i = 0;
  for (const connection of connections) ids[i++] = connection.id;
  return [...ids.sort()];
}
