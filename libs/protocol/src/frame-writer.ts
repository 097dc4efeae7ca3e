import { ByteWriter } from './byte-writer.js';
import { crc32 } from './crc32.js';
import { BATCH_CODE, BATCH_LENGTH_BYTES, FRAME_HEADER_BYTES, FULL_BATCH_BYTES } from './frame.js';

const NO_BATCH = -1;

/** A writer that puts any number of frames one after another, each begun and ended around its payload. */
export class FrameWriter extends ByteWriter {
  #payloadStart = 0;
  #isBatching = false;
  /** Where the header is that the frames being written share. */
  #batchStart = NO_BATCH;

  /** From now on frames go into batches, each until it is full or `seal` ends it. Those before have ended, and keep headers of their own. */
  batch(): void {
    this.#isBatching = true;
  }

  beginFrame(): void {
    if (this.#isBatching) this.#enterBatch();
    else this.u32(0);
    this.u32(0);
    this.#payloadStart = this.length;
  }

  /** The size of the frame so far, with a header of its own: in a batch it takes less, or more when it is the first. */
  get frameBytes(): number {
    return this.payloadBytes + FRAME_HEADER_BYTES;
  }

  /** The size of its payload so far. */
  get payloadBytes(): number {
    return this.length - this.#payloadStart;
  }

  /** The buffer that the frame is in: bytes of it that were written once stay, unless the writer is truncated. */
  get chunk(): Buffer {
    return this.buffer;
  }

  /** Where in `chunk` its payload begins. */
  get payloadStart(): number {
    return this.#payloadStart;
  }

  /** Fills in the length and, outside a batch, the checksum. */
  endFrame(): void {
    if (this.#isBatching) this.patch32(this.#payloadStart - BATCH_LENGTH_BYTES, this.payloadBytes);
    else this.#fillHeader(this.#payloadStart);
  }

  /** Takes back everything since `beginFrame`: nothing of a payload that could not be written goes out. */
  abortFrame(): void {
    if (!this.#isBatching) return this.truncate(this.#payloadStart - FRAME_HEADER_BYTES);
    this.truncate(this.#payloadStart - BATCH_LENGTH_BYTES);
    if (this.length > this.#firstInBatch) return;
    // A batch of nothing is not sent.
    this.truncate(this.#batchStart);
    this.#batchStart = NO_BATCH;
  }

  /** What is written is complete and may go out: the next frame begins another batch. */
  seal(): void {
    if (this.#batchStart === NO_BATCH) return;
    this.#fillHeader(this.#batchStart + FRAME_HEADER_BYTES);
    this.#batchStart = NO_BATCH;
  }

  get #firstInBatch(): number {
    return this.#batchStart + FRAME_HEADER_BYTES + 1;
  }

  #enterBatch(): void {
    if (this.#batchStart !== NO_BATCH) {
      if (this.length - this.#batchStart < FULL_BATCH_BYTES) return;
      this.seal();
    }
    this.#batchStart = this.length;
    this.u32(0);
    this.u32(0);
    this.u8(BATCH_CODE);
  }

  /** The header of the frame whose payload goes from there to the end. */
  #fillHeader(payloadStart: number): void {
    const start = payloadStart - FRAME_HEADER_BYTES;
    this.patch32(start, this.length - start);
    this.patch32(start + 4, crc32(this.buffer, payloadStart, this.length));
  }
}

/** One frame in a buffer of its own. */
export function encodeFrame(writePayload: (writer: ByteWriter) => void): Buffer {
  const writer = new FrameWriter();
  writer.beginFrame();
  writePayload(writer);
  writer.endFrame();
  return writer.view();
}
