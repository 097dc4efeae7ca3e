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

  /** The buffer that the frame is in: bytes of it that were written once stay, unless the writer is truncated. */
  get chunk(): Buffer {
    return this.buffer;
  }

  /** Where in `chunk` its payload begins. */
  get payloadStart(): number {
    return this.#frameStart + FRAME_HEADER_BYTES;
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
