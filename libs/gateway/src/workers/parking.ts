import type { Connection } from '../connection/connection.js';

export interface ParkingLimits {
  /** Most bytes that wait in all. */
  readonly parkedBytes: number;
  /** Most bytes that wait for one client. */
  readonly parkedClientBytes: number;
  /** How long an event waits at most. */
  readonly parkedAgeMs: number;
}

/**
 * An event that found no worker. Its session is attached when it goes out, not now: that is when a worker reads it. One that is
 * redelivered was at a worker already, which did not get done with it.
 */
export type ParkedEvent = { readonly isRedelivered?: boolean } & (
  | { readonly type: 'open'; readonly details: Buffer }
  | { readonly type: 'message'; readonly opcode: number; readonly data: Buffer }
  | { readonly type: 'close'; readonly session: Buffer; readonly details: Buffer }
);

interface Parked {
  readonly connection: Connection;
  /** Undefined once it was taken out; what is left in the queue is skipped. */
  event: ParkedEvent | undefined;
  readonly bytes: number;
  readonly sinceMs: number;
}

/** What waits for one client, oldest first. */
interface ClientParking {
  bytes: number;
  readonly parked: Parked[];
}

/** What an event costs beyond its payload: the objects that hold it. */
const OVERHEAD_BYTES = 128;
/** So many entries that were taken out may lie in the queue before it is worth a pass over it. */
const MIN_COMPACTED = 1024;

/** Events that wait for the first worker, in the order in which they happened. */
export class Parking {
  /** What has waited longer than events may and has to be told all the same; all of it older than the queue. */
  #aged: Parked[] = [];
  #queue: Parked[] = [];
  #head = 0;
  #size = 0;
  #bytes = 0;
  readonly #clients = new Map<Connection, ClientParking>();

  constructor(private readonly limits: ParkingLimits) {}

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @returns false when there is no room: nothing was parked. A close always finds room, because its open was delivered, and so does
   * what is redelivered, which was in memory before.
   */
  park(connection: Connection, event: ParkedEvent): boolean {
    const { parkedBytes, parkedClientBytes } = this.limits;
    const bytes = sizeOf(event);
    const client = this.#clients.get(connection);
    const isFull = this.#bytes + bytes > parkedBytes || (client?.bytes ?? 0) + bytes > parkedClientBytes;
    if (isFull && event.type !== 'close' && event.isRedelivered !== true) return false;
    const parked: Parked = { connection, event, bytes, sinceMs: Date.now() };
    this.#queue.push(parked);
    if (client === undefined) {
      this.#clients.set(connection, { bytes, parked: [parked] });
    } else {
      client.bytes += bytes;
      client.parked.push(parked);
    }
    this.#bytes += bytes;
    this.#size++;
    return true;
  }

  /** Hands everything over, oldest first, and is empty before the first is handed over. */
  release(deliver: (connection: Connection, event: ParkedEvent) => void): void {
    const waiting = [...this.#aged, ...this.#queue.slice(this.#head)];
    this.#aged = [];
    this.#queue = [];
    this.#head = 0;
    this.#size = 0;
    this.#bytes = 0;
    this.#clients.clear();
    for (const { connection, event } of waiting) if (event !== undefined) deliver(connection, event);
  }

  /** Takes out what has waited too long; closes wait on, and opens that a worker may have seen: the two come in pairs. */
  expire(onExpired: (connection: Connection, type: ParkedEvent['type']) => void): void {
    const oldestMs = Date.now() - this.limits.parkedAgeMs;
    const expired: (readonly [Connection, ParkedEvent['type']])[] = [];
    for (; this.#head < this.#queue.length; this.#head++) {
      const parked = this.#queue[this.#head]!;
      const { connection, event, sinceMs } = parked;
      if (event === undefined) continue;
      if (sinceMs > oldestMs) break;
      if (mustBeTold(event)) {
        this.#aged.push(parked);
        continue;
      }
      this.#clients.get(connection)?.parked.shift();
      this.#takeOut(parked);
      expired.push([connection, event.type]);
    }
    this.#compact();
    // Told at the end: whoever is told may park or forget something.
    for (const [connection, type] of expired) onExpired(connection, type);
  }

  /**
   * Takes out everything of a client that left before any worker knew that it came, or of which something is lost already.
   * @returns how many events that were
   */
  forget(connection: Connection): number {
    const parked = this.#clients.get(connection)?.parked ?? [];
    const forgotten = parked.filter(({ event }) => event !== undefined && !mustBeTold(event));
    for (const entry of forgotten) this.#takeOut(entry);
    this.#compact();
    return forgotten.length;
  }

  #takeOut(parked: Parked): void {
    const { connection, bytes } = parked;
    parked.event = undefined;
    this.#size--;
    this.#bytes -= bytes;
    const client = this.#clients.get(connection);
    if (client === undefined) return;
    client.bytes -= bytes;
    if (client.bytes === 0) this.#clients.delete(connection);
  }

  /** Each pass halves the queue at least, so that an event costs the same however many wait. */
  #compact(): void {
    const gone = this.#aged.length + this.#queue.length - this.#size;
    if (gone < Math.max(MIN_COMPACTED, this.#size)) return;
    this.#queue = this.#queue.slice(this.#head).filter(({ event }) => event !== undefined);
    this.#head = 0;
  }
}

/** A worker knows, or may know, of the other half of the pair. */
function mustBeTold({ type, isRedelivered }: ParkedEvent): boolean {
  return type === 'close' || (type === 'open' && isRedelivered === true);
}

function sizeOf(event: ParkedEvent): number {
  if (event.type === 'message') return OVERHEAD_BYTES + event.data.length;
  const sessionBytes = event.type === 'close' ? event.session.length : 0;
  return OVERHEAD_BYTES + sessionBytes + event.details.length;
}
