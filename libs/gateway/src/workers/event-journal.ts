import type { RetainedChunks } from '#link';
import { FIRST_SEQUENCE, nextSequence, ProtocolError } from '#protocol';
import type { FrameWriter } from '#protocol';
import type { Connection } from '../connection/connection.js';

/** What an event costs beyond its bytes, here and where it waits for its handler. */
const OVERHEAD_BYTES = 512;
const FIRST_CAPACITY = 256;
/** With so many events behind the oldest one, that one is set aside: a handler that hangs must not make the ring grow. */
const MAX_CAPACITY = 16_384;
/**
 * The same for memory: the chunks from the oldest event on may take so much beside what the events justify. In them is also what is
 * done with behind it, and what the worker was sent beside events.
 */
const MAX_IDLE_BYTES = 4 * 1024 * 1024;
/** Chunks with nothing but events take less than so many times what these do, large ones that fill no chunk included. */
const KEPT_A_BYTE = 4;

/** Told of each event that its worker is done with. */
export type DoneTaker = (connection: Connection) => void;

interface Straggler {
  readonly connection: Connection;
  readonly bytes: Buffer;
}

/** A buffer with events that are kept where they were written. */
interface Chunk {
  readonly bytes: Buffer;
  /** The sequence of the first event that lies in it. */
  readonly first: number;
}

/**
 * The events that a worker was sent and has not acknowledged, as they were sent: what another worker gets when this one is gone.
 * A ring by sequence, in arrays that are reused, because every event passes through here twice. The bytes stay in the buffers that
 * the link sent them from, and are not copied.
 */
export class EventJournal {
  /** Undefined where an event is done with behind one that is not. */
  #connections = Array.from<Connection | undefined>({ length: FIRST_CAPACITY });
  // Numbers side by side in little memory: the ring is in the cache with whatever else an event needs.
  #starts = new Int32Array(FIRST_CAPACITY);
  #sizes = new Int32Array(FIRST_CAPACITY);
  #mask = FIRST_CAPACITY - 1;
  /** The sequence of the oldest event in the ring; when the ring is empty, of the next one. */
  #first: number;
  /** Events in the ring, those included that are done with behind one that is not. */
  #span = 0;
  #size = 0;
  #bytes = 0;
  /** From the one of the oldest event in the ring to the one of the newest, which stays when it is done with. */
  #chunks: Chunk[] = [];
  #newest: Buffer | undefined;
  #keptBytes = 0;
  /** By sequence, oldest first; each older than the ring. */
  readonly #stragglers = new Map<number, Straggler>();

  /**
   * @param chunks get back what no event is kept in any more
   * @param first the number of the first event; another one than links have is for tests of what comes after 2^32 of them
   */
  constructor(
    private readonly chunks: Pick<RetainedChunks, 'reuse' | 'trim'>,
    first = FIRST_SEQUENCE,
  ) {
    this.#first = first;
  }

  /** Events that are not done with. */
  get size(): number {
    return this.#size;
  }

  /** The memory that they take, more or less, here or at the worker. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps the event that is being written as a frame, where it is: the link must retain what it sends. */
  add(connection: Connection, frame: FrameWriter): void {
    if (frame.chunk !== this.#newest) this.#enter(frame.chunk);
    if (this.#span > this.#mask) this.#makeRoom();
    const place = (this.#first + this.#span) & this.#mask;
    const size = frame.payloadBytes;
    this.#connections[place] = connection;
    this.#starts[place] = frame.payloadStart;
    this.#sizes[place] = size;
    this.#span++;
    this.#size++;
    this.#bytes += size + OVERHEAD_BYTES;
    connection.unacknowledgedBytes += size + OVERHEAD_BYTES;
  }

  /**
   * The worker is done with these.
   * @param done undefined when nobody has to know of whom they were
   * @throws ProtocolError for an event that was not sent, or that was acknowledged before
   */
  acknowledge(first: number, count: number, done?: DoneTaker): void {
    try {
      this.#settle(first, count, done);
    } finally {
      // Also of a wrong acknowledgement: until its link is gone, events may still be added.
      this.#advance();
    }
  }

  /** Chunks that came back and are not needed are given up. */
  trim(): void {
    this.chunks.trim();
  }

  /** Hands over what is left, in the order in which it was sent, and is empty before the first is handed over. */
  takeAll(take: (connection: Connection, event: Buffer) => void): void {
    const left: Straggler[] = [...this.#stragglers.values()];
    for (; this.#span > 0; this.#step()) {
      this.#leaveChunks(() => undefined);
      const connection = this.#connections[this.#first & this.#mask];
      if (connection !== undefined) left.push({ connection, bytes: this.#oldestBytes() });
      this.#connections[this.#first & this.#mask] = undefined;
    }
    this.#size = 0;
    this.#bytes = 0;
    this.#stragglers.clear();
    // What is handed over lies in the chunks: none of them comes back.
    this.#chunks = [];
    this.#newest = undefined;
    this.#keptBytes = 0;
    for (const { connection, bytes } of left) connection.unacknowledgedBytes -= bytes.length + OVERHEAD_BYTES;
    for (const { connection, bytes } of left) take(connection, bytes);
  }

  #settle(first: number, count: number, done: DoneTaker | undefined): void {
    let sequence = first;
    for (let left = count; left > 0; left--) {
      const offset = (sequence - this.#first) >>> 0;
      const connection = offset < this.#span ? this.#takeFromRing(sequence) : this.#takeStraggler(sequence);
      if (connection === undefined) {
        throw new ProtocolError(
          'ERR_NESTWIRE_MALFORMED',
          `Event ${sequence} was acknowledged, which is not at this worker`,
        );
      }
      done?.(connection);
      sequence = nextSequence(sequence);
    }
  }

  #takeFromRing(sequence: number): Connection | undefined {
    const place = sequence & this.#mask;
    const connection = this.#connections[place];
    if (connection === undefined) return undefined;
    // Its place stays taken until all before it are done with.
    this.#connections[place] = undefined;
    this.#noteDone(connection, this.#sizes[place]!);
    return connection;
  }

  #takeStraggler(sequence: number): Connection | undefined {
    const straggler = this.#stragglers.get(sequence);
    if (straggler === undefined) return undefined;
    this.#stragglers.delete(sequence);
    this.#noteDone(straggler.connection, straggler.bytes.length);
    return straggler.connection;
  }

  #noteDone(connection: Connection, bytes: number): void {
    this.#size--;
    this.#bytes -= bytes + OVERHEAD_BYTES;
    connection.unacknowledgedBytes -= bytes + OVERHEAD_BYTES;
  }

  #advance(): void {
    while (this.#span > 0 && this.#connections[this.#first & this.#mask] === undefined) this.#step();
    this.#leaveChunks((chunk) => this.chunks.reuse(chunk));
  }

  #step(): void {
    this.#first = nextSequence(this.#first);
    this.#span--;
  }

  /** The oldest event of the ring, which is in the first chunk. */
  #oldestBytes(): Buffer {
    const place = this.#first & this.#mask;
    const start = this.#starts[place]!;
    return this.#chunks[0]!.bytes.subarray(start, start + this.#sizes[place]!);
  }

  /** The frame that is being written has begun another buffer. */
  #enter(chunk: Buffer): void {
    this.#newest = chunk;
    this.#chunks.push({ bytes: chunk, first: (this.#first + this.#span) >>> 0 });
    this.#keptBytes += chunk.length;
    while (this.#keepsTooMuch) this.#setAside();
  }

  /** Chunks follow each other: where the ring begins in the next one, the one before is over. */
  #leaveChunks(leave: (chunk: Buffer) => void): void {
    for (let next = this.#chunks[1]; next !== undefined; next = this.#chunks[1]) {
      // By the sign: sequences begin anew after the last one.
      if (((next.first - this.#first) | 0) > 0) return;
      const { bytes } = this.#chunks.shift()!;
      this.#keptBytes -= bytes.length;
      leave(bytes);
    }
  }

  get #keepsTooMuch(): boolean {
    return this.#span > 0 && this.#keptBytes > MAX_IDLE_BYTES + KEPT_A_BYTE * this.#bytes;
  }

  #makeRoom(): void {
    if (this.#mask + 1 < MAX_CAPACITY) this.#grow();
    else this.#setAside();
  }

  /** The oldest event goes on its own, in memory of its own: it must not keep a whole chunk of the link's for as long as it hangs. */
  #setAside(): void {
    const place = this.#first & this.#mask;
    this.#stragglers.set(this.#first, {
      connection: this.#connections[place]!,
      bytes: Buffer.from(this.#oldestBytes()),
    });
    this.#connections[place] = undefined;
    this.#advance();
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2;
    const connections = Array.from<Connection | undefined>({ length: capacity });
    const starts = new Int32Array(capacity);
    const sizes = new Int32Array(capacity);
    for (let offset = 0; offset < this.#span; offset++) {
      const sequence = (this.#first + offset) >>> 0;
      const [from, to] = [sequence & this.#mask, sequence & (capacity - 1)];
      connections[to] = this.#connections[from];
      starts[to] = this.#starts[from]!;
      sizes[to] = this.#sizes[from]!;
    }
    this.#connections = connections;
    this.#starts = starts;
    this.#sizes = sizes;
    this.#mask = capacity - 1;
  }
}
