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

/**
 * The events that a worker was sent and has not acknowledged, as they were sent: what another worker gets when this one is gone.
 * A ring by sequence, in arrays that are reused, because every event passes through here twice. The bytes stay in the buffers that
 * the link sent them from, and are not copied.
 */
export class EventJournal {
  #connections: (Connection | undefined)[] = Array.from<Connection | undefined>({ length: FIRST_CAPACITY });
  #chunks: (Buffer | undefined)[] = Array.from<Buffer | undefined>({ length: FIRST_CAPACITY });
  #starts: number[] = Array.from({ length: FIRST_CAPACITY }, () => 0);
  #ends: number[] = Array.from({ length: FIRST_CAPACITY }, () => 0);
  #mask = FIRST_CAPACITY - 1;
  /** The sequence of the oldest event in the ring; when the ring is empty, of the next one. */
  #first: number;
  /** Events in the ring, those included that are done with behind one that is not. */
  #span = 0;
  #size = 0;
  #bytes = 0;
  /** Of the chunks from the one that was passed last to the one of the newest event. */
  #keptBytes = 0;
  /** By sequence, oldest first; each older than the ring. */
  readonly #stragglers = new Map<number, Straggler>();
  /** The chunk of the event that left the ring last. */
  #passed: Buffer | undefined;
  /** The chunk of the newest event. */
  #newest: Buffer | undefined;

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
    while (this.#span > this.#mask || this.#keepsTooMuch) this.#makeRoom();
    const { chunk } = frame;
    if (chunk !== this.#newest) {
      this.#newest = chunk;
      this.#keptBytes += chunk.length;
    }
    const start = frame.payloadStart;
    const bytes = frame.payloadBytes;
    const place = (this.#first + this.#span) & this.#mask;
    this.#connections[place] = connection;
    this.#chunks[place] = chunk;
    this.#starts[place] = start;
    this.#ends[place] = start + bytes;
    this.#span++;
    this.#size++;
    this.#bytes += bytes + OVERHEAD_BYTES;
    connection.unacknowledgedBytes += bytes + OVERHEAD_BYTES;
  }

  /**
   * The worker is done with these.
   * @throws ProtocolError for an event that was not sent, or that was acknowledged before
   */
  acknowledge(first: number, count: number, done: DoneTaker): void {
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
    for (let offset = 0; offset < this.#span; offset++) {
      const place = (this.#first + offset) & this.#mask;
      const connection = this.#connections[place];
      if (connection !== undefined) left.push({ connection, bytes: this.#bytesAt(place) });
      this.#connections[place] = undefined;
      this.#chunks[place] = undefined;
    }
    this.#first = (this.#first + this.#span) >>> 0;
    this.#span = 0;
    this.#size = 0;
    this.#bytes = 0;
    this.#stragglers.clear();
    // What is handed over lies in the chunks: none of them comes back.
    this.#passed = this.#newest = undefined;
    this.#keptBytes = 0;
    for (const { connection, bytes } of left) connection.unacknowledgedBytes -= bytes.length + OVERHEAD_BYTES;
    for (const { connection, bytes } of left) take(connection, bytes);
  }

  #settle(first: number, count: number, done: DoneTaker): void {
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
      done(connection);
      sequence = nextSequence(sequence);
    }
  }

  #takeFromRing(sequence: number): Connection | undefined {
    const place = sequence & this.#mask;
    const connection = this.#connections[place];
    if (connection === undefined) return undefined;
    this.#noteDone(connection, this.#sizeAt(place));
    // Its place stays taken until all before it are done with.
    this.#connections[place] = undefined;
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

  #sizeAt(place: number): number {
    return this.#ends[place]! - this.#starts[place]!;
  }

  #bytesAt(place: number): Buffer {
    return this.#chunks[place]!.subarray(this.#starts[place], this.#ends[place]);
  }

  #advance(): void {
    while (this.#span > 0 && this.#connections[this.#first & this.#mask] === undefined) {
      const place = this.#first & this.#mask;
      this.#pass(this.#chunks[place]!);
      this.#chunks[place] = undefined;
      this.#first = nextSequence(this.#first);
      this.#span--;
    }
  }

  /** Chunks follow each other: with the first event of the next one, the one before is over. */
  #pass(chunk: Buffer): void {
    const before = this.#passed;
    if (before === chunk) return;
    this.#passed = chunk;
    if (before === undefined) return;
    this.#keptBytes -= before.length;
    this.chunks.reuse(before);
  }

  get #keepsTooMuch(): boolean {
    return this.#span > 0 && this.#keptBytes > MAX_IDLE_BYTES + KEPT_A_BYTE * this.#bytes;
  }

  #makeRoom(): void {
    if (!this.#keepsTooMuch && this.#mask + 1 < MAX_CAPACITY) return this.#grow();
    const place = this.#first & this.#mask;
    // In memory of its own: it must not keep a whole chunk of the link's for as long as it hangs.
    const straggler = { connection: this.#connections[place]!, bytes: Buffer.from(this.#bytesAt(place)) };
    this.#stragglers.set(this.#first, straggler);
    this.#connections[place] = undefined;
    this.#advance();
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2;
    const connections = Array.from<Connection | undefined>({ length: capacity });
    const chunks = Array.from<Buffer | undefined>({ length: capacity });
    const starts = Array.from({ length: capacity }, () => 0);
    const ends = Array.from({ length: capacity }, () => 0);
    for (let offset = 0; offset < this.#span; offset++) {
      const sequence = (this.#first + offset) >>> 0;
      const [from, to] = [sequence & this.#mask, sequence & (capacity - 1)];
      connections[to] = this.#connections[from];
      chunks[to] = this.#chunks[from];
      starts[to] = this.#starts[from]!;
      ends[to] = this.#ends[from]!;
    }
    this.#connections = connections;
    this.#chunks = chunks;
    this.#starts = starts;
    this.#ends = ends;
    this.#mask = capacity - 1;
  }
}
