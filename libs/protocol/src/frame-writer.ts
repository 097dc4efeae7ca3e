import { ByteWriter } from './byte-writer.js';
import { crc32 } from './crc32.js';
import { FRAME_HEADER_BYTES } from './frame.js';

/** A writer that puts any number of frames one after another, each begun and ended around its payload. */
export class FrameWriter extends ByteWriter {
  #frameStart = 0;

  beginFrame(): void {
    this.#frameStart = this.length;
    this.u32(0);
    this.u32(0);
  }

  /** The size of the frame so far, header included. */
  get frameBytes(): number {
    return this.length - this.#frameStart;
  }

  /** The size of its payload so far. */
  get payloadBytes(): number {
    return this.frameBytes - FRAME_HEADER_BYTES;
  }

  /** Copies the payload written so far: for who keeps what was sent. */
  copyPayload(target: Buffer, at: number): void {
    this.buffer.copy(target, at, this.#frameStart + FRAME_HEADER_BYTES, this.length);
  }

  /** Fills in length and checksum; returns the size of the frame in bytes. */
  endFrame(): number {
    const size = this.frameBytes;
    this.patch32(this.#frameStart, size);
    this.patch32(
      this.#frameStart + 4,
      crc32(this.buffer, this.#frameStart + FRAME_HEADER_BYTES, this.length),
    );
    return size;
  }

  /** Takes back everything since `beginFrame`: nothing of a payload that could not be written goes out. */
  abortFrame(): void {
    this.truncate(this.#frameStart);
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
