import type { EventSource, SessionWrite } from '#api';
import type { SessionCodec } from '#protocol';

/** Most writes kept apart for one client. */
const MAX_WRITES = 16;
const NO_SESSION = Buffer.alloc(0);

/** A session with writes in it that the event came too early for. */
export interface OverlaidSession {
  readonly bytes: Buffer;
  /** The number of the last write in it. */
  readonly appliedWrites: number;
}

/** `appliedWrites` of the oldest event of a client that is here and not done with; undefined when there is none. */
export type OldestEvent = (source: EventSource, connectionId: number) => number | undefined;

interface KeptWrite {
  /** Of the whole session; otherwise of its entries one by one. */
  readonly replaces: boolean;
  readonly session: Buffer;
  readonly number: number;
}

interface ClientWrites {
  readonly connectionId: number;
  /** Oldest first, never empty. Only the first can replace the session: what was written before is gone with it. */
  writes: KeptWrite[];
}

interface SourceWrites {
  readonly clients: Map<number, ClientWrites>;
  /** Those whose last write is not in the events that come now, in the order of these writes. */
  readonly unconfirmed: Set<ClientWrites>;
}

/**
 * What this worker wrote to sessions while events with the former session were on their way: handlers see it all the same.
 *
 * A write is kept until events bring it along, and no older event of that client is left here. So its memory is that of the
 * writes on their way, and at most `MAX_WRITES` a client with events that wait or run.
 */
export class SessionOverlay {
  readonly #codec: SessionCodec;
  readonly #oldestEvent: OldestEvent;
  readonly #sources = new Map<EventSource, SourceWrites>();

  constructor(codec: SessionCodec, oldestEvent: OldestEvent) {
    this.#codec = codec;
    this.#oldestEvent = oldestEvent;
  }

  /** As good as always: then nothing else needs to be asked. */
  get isEmpty(): boolean {
    return this.#sources.size === 0;
  }

  /** How many clients it has writes of. */
  get size(): number {
    let size = 0;
    for (const { clients } of this.#sources.values()) size += clients.size;
    return size;
  }

  written(source: EventSource, connectionId: number, write: SessionWrite): void {
    const kept = this.#keep(write);
    if (kept === undefined) return;
    let all = this.#sources.get(source);
    if (all === undefined) this.#sources.set(source, (all = { clients: new Map(), unconfirmed: new Set() }));
    const known = all.clients.get(connectionId);
    if (known === undefined) {
      const client = { connectionId, writes: [kept] };
      all.clients.set(connectionId, client);
      all.unconfirmed.add(client);
      return;
    }
    // What replaces the whole session hides all that was written before, whatever the event brings along.
    known.writes = kept.replaces ? [kept] : [...this.#wanted(source, known), kept];
    if (known.writes.length > MAX_WRITES) this.#fold(known);
    all.unconfirmed.delete(known);
    all.unconfirmed.add(known);
  }

  /** `appliedWrites` of the source has grown. */
  confirmed(source: EventSource): void {
    const all = this.#sources.get(source);
    if (all === undefined) return;
    for (const client of all.unconfirmed) {
      if (isLater(lastOf(client).number, source.appliedWrites)) break;
      all.unconfirmed.delete(client);
      this.#prune(source, all, client);
    }
  }

  /** An event of this client, for which others may have waited, is done with. */
  eventEnded(source: EventSource, connectionId: number): void {
    const all = this.#sources.get(source);
    const client = all?.clients.get(connectionId);
    if (all !== undefined && client !== undefined) this.#prune(source, all, client);
  }

  /** The source is over: no event of it begins any more. */
  forget(source: EventSource): void {
    this.#sources.delete(source);
  }

  clear(): void {
    this.#sources.clear();
  }

  /**
   * The session of an event with all later writes; undefined when there are none.
   * @param appliedWrites how many are in `bytes`
   */
  overlaid(
    source: EventSource,
    connectionId: number,
    appliedWrites: number,
    bytes: Buffer,
  ): OverlaidSession | undefined {
    const client = this.#sources.get(source)?.clients.get(connectionId);
    if (client === undefined) return undefined;
    const later = client.writes.filter(({ number }) => isLater(number, appliedWrites));
    if (later.length === 0) return undefined;
    return {
      bytes: later.reduce((session, write) => this.#after(session, write), bytes),
      appliedWrites: lastOf(client).number,
    };
  }

  #prune(source: EventSource, all: SourceWrites, client: ClientWrites): void {
    const wanted = this.#wanted(source, client);
    if (wanted.length > 0) {
      client.writes = wanted;
      return;
    }
    all.clients.delete(client.connectionId);
    all.unconfirmed.delete(client);
    if (all.clients.size === 0) this.#sources.delete(source);
  }

  /** With bytes of its own: the caller may use its buffer again. Undefined for what no gateway takes. */
  #keep({ kind, session: given, number }: SessionWrite): KeptWrite | undefined {
    if (kind === 'delete') return { replaces: true, session: NO_SESSION, number };
    const session = this.#valid(() => this.#codec.normalize(given));
    return session === undefined ? undefined : { replaces: kind === 'set', session, number };
  }

  /** The writes that some event, here or still to come, has not brought along. */
  #wanted(source: EventSource, { connectionId, writes }: ClientWrites): KeptWrite[] {
    const { appliedWrites } = source;
    const oldest = this.#oldestEvent(source, connectionId) ?? appliedWrites;
    const least = isLater(oldest, appliedWrites) ? appliedWrites : oldest;
    return writes.filter(({ number }) => isLater(number, least));
  }

  /**
   * The two oldest as one, to be put in where the second is missing. An event that brings the first along gets it once more,
   * which changes nothing unless somebody else wrote the same key in between.
   */
  #fold(client: ClientWrites): void {
    const [first, second, ...others] = client.writes as [KeptWrite, KeptWrite, ...KeptWrite[]];
    const session = this.#after(first.session, second);
    client.writes = [{ replaces: first.replaces, session, number: second.number }, ...others];
  }

  /** As the gateway does it, on the bytes. */
  #after(session: Buffer, write: KeptWrite): Buffer {
    if (write.replaces) return write.session;
    return this.#valid(() => this.#codec.merge(session, write.session)) ?? session;
  }

  /** Undefined for what the gateway refuses, too: it says so, and leaves the session as it is. */
  #valid(read: () => Buffer): Buffer | undefined {
    try {
      return read();
    } catch {
      return undefined;
    }
  }
}

function lastOf({ writes }: ClientWrites): KeptWrite {
  return writes[writes.length - 1]!;
}

/** Numbers go on at 0 after 2^32 - 1. */
function isLater(number: number, than: number): boolean {
  return ((number - than) | 0) > 0;
}
