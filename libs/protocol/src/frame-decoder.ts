import { ByteReader } from './byte-reader.js';
import { crc32 } from './crc32.js';
import { ProtocolError } from './errors.js';
import { BATCH_CODE, BATCH_LENGTH_BYTES, FRAME_HEADER_BYTES, FULL_BATCH_BYTES } from './frame.js';

/** Takes one frame's payload. The reader, and every view read from it, is valid during the call only. */
export type FrameSink = (payload: ByteReader) => void;

const NOTHING = Buffer.alloc(0);
const FIRST_CARRY_BYTES = 1024;

/**
 * Cuts a byte stream into frames, whatever the chunks. Frames that lie whole inside a chunk are read in place;
 * only the unfinished tail is carried over, into a buffer that grows with what has really arrived, so that
 * an announced length alone reserves nothing.
 */
export class FrameDecoder {
  readonly #reader = new ByteReader();
  #carry = NOTHING;
  #carried = 0;
  #stopped = false;

  /**
   * @param maxFrameBytes largest acceptable frame, header included; may be raised once a peer has proven itself. It bounds each
   * payload in a batch as if that had come alone
   * @param takesBatches whether a frame may be a batch, whose payloads are handed over one by one; may be turned on later
   */
  constructor(
    public maxFrameBytes: number,
    public takesBatches = false,
  ) {}

  /** Bytes held for a frame that is not complete yet. */
  get carriedBytes(): number {
    return this.#carried;
  }

  /** Hands over no further frame, not even those of the chunk at hand: the link has ended. */
  stop(): void {
    this.#stopped = true;
    this.#carry = NOTHING;
    this.#carried = 0;
  }

  /**
   * @throws ProtocolError for a length out of bounds or a wrong checksum, and whatever the sink throws. Nothing is
   * decoded after that: where the next frame begins is not known, or no longer wanted.
   */
  push(chunk: Buffer, sink: FrameSink): void {
    try {
      this.#cut(chunk, sink);
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      // An idle link must not keep its last chunk, which may have been 64 MiB, for as long as it stays idle.
      this.#reader.reset(NOTHING, 0, 0);
    }
  }

  #cut(chunk: Buffer, sink: FrameSink): void {
    let position = 0;
    while (this.#carried > 0 && !this.#stopped) {
      position = this.#fillCarry(chunk, position);
      if (this.#carried < FRAME_HEADER_BYTES) return;
      const length = this.#lengthAt(this.#carry, 0);
      if (this.#carried < length) {
        if (position === chunk.length) return;
        continue;
      }
      const frame = this.#carry;
      this.#carry = NOTHING;
      this.#carried = 0;
      this.#deliver(frame, 0, length, sink);
    }
    this.#pushInPlace(chunk, position, sink);
  }

  #pushInPlace(chunk: Buffer, from: number, sink: FrameSink): void {
    let position = from;
    while (!this.#stopped && chunk.length - position >= FRAME_HEADER_BYTES) {
      const end = position + this.#lengthAt(chunk, position);
      if (end > chunk.length) break;
      const start = position;
      position = end;
      this.#deliver(chunk, start, end, sink);
    }
    if (!this.#stopped && position < chunk.length) this.#append(chunk, position, chunk.length);
  }

  /** Moves bytes of the chunk over until the header, and then the frame it announces, is complete. */
  #fillCarry(chunk: Buffer, position: number): number {
    const wanted = this.#carried < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : this.#lengthAt(this.#carry, 0);
    const end = Math.min(chunk.length, position + wanted - this.#carried);
    this.#append(chunk, position, end);
    return end;
  }

  #append(chunk: Buffer, start: number, end: number): void {
    const needed = this.#carried + end - start;
    if (needed > this.#carry.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#carry.length * 2, FIRST_CARRY_BYTES));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    chunk.copy(this.#carry, this.#carried, start, end);
    this.#carried = needed;
  }

  #lengthAt(bytes: Buffer, position: number): number {
    const length = bytes.readUInt32BE(position);
    const most = this.takesBatches ? this.maxFrameBytes + FULL_BATCH_BYTES : this.maxFrameBytes;
    if (length < FRAME_HEADER_BYTES || length > most) this.#refuseLength(length, most);
    return length;
  }

  #refuseLength(length: number, most: number): never {
    throw new ProtocolError(
      'ERR_NESTWIRE_FRAME_LENGTH',
      `A frame announces ${length} bytes; between ${FRAME_HEADER_BYTES} and ${most} are allowed. ` +
        'Is the peer speaking another protocol?',
    );
  }

  #deliver(bytes: Buffer, start: number, end: number, sink: FrameSink): void {
    const payload = start + FRAME_HEADER_BYTES;
    if (crc32(bytes, payload, end) !== bytes.readUInt32BE(start + 4)) {
      throw new ProtocolError(
        'ERR_NESTWIRE_FRAME_CHECKSUM',
        `The checksum of a frame of ${end - start} bytes is wrong`,
      );
    }
    if (this.takesBatches && payload < end && bytes[payload] === BATCH_CODE)
      return this.#deliverBatch(bytes, payload + 1, end, sink);
    this.#deliverPayload(bytes, payload, end, sink);
  }

  #deliverBatch(bytes: Buffer, start: number, end: number, sink: FrameSink): void {
    const full = start - 1 - FRAME_HEADER_BYTES + FULL_BATCH_BYTES;
    let position = start;
    while (position < end && !this.#stopped) {
      if (position >= full) {
        throw new ProtocolError(
          'ERR_NESTWIRE_FRAME_LENGTH',
          `A batch of ${end - start} bytes goes on after ${FULL_BATCH_BYTES}, where it is full`,
        );
      }
      const payload = position + BATCH_LENGTH_BYTES;
      if (payload > end || bytes.readUInt32BE(position) > end - payload) {
        throw new ProtocolError(
          'ERR_NESTWIRE_TRUNCATED',
          `A batch ends in the middle of a payload, ${end - position} bytes after its length begins`,
        );
      }
      position = payload + bytes.readUInt32BE(position);
      this.#deliverPayload(bytes, payload, position, sink);
    }
  }

  #deliverPayload(bytes: Buffer, start: number, end: number, sink: FrameSink): void {
    const frameBytes = end - start + FRAME_HEADER_BYTES;
    if (frameBytes > this.maxFrameBytes) this.#refuseLength(frameBytes, this.maxFrameBytes);
    this.#reader.reset(bytes, start, end);
    sink(this.#reader);
  }
}
