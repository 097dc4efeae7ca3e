import { crc32 } from 'node:zlib';
import { ByteWriter } from './byte-writer.js';
import { FRAME_HEADER_BYTES } from './frame.js';

const PART_BYTES = 64 * 1024;

/**
 * One frame whose payload is written in parts, over several turns of the event loop: large lists are. The parts are never put
 * together, and the checksum grows with them, so that no turn has to go over all bytes.
 */
export class GatheredFrame {
  readonly #parts: Buffer[] = [];
  readonly #writer = new ByteWriter(PART_BYTES);
  #crc = 0;
  #frameBytes = FRAME_HEADER_BYTES;

  /** The size of the frame so far, header included. */
  get frameBytes(): number {
    return this.#frameBytes;
  }

  /** Writes what comes next in the payload. */
  add(write: (writer: ByteWriter) => void): void {
    write(this.#writer);
    if (this.#writer.length === 0) return;
    const part = this.#writer.take(PART_BYTES);
    this.#parts.push(part);
    this.#crc = crc32(part, this.#crc);
    this.#frameBytes += part.length;
  }

  /** The whole frame: its header, and the parts as they were written. */
  buffers(): readonly Buffer[] {
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    header.writeUInt32BE(this.#frameBytes, 0);
    header.writeUInt32BE(this.#crc, 4);
    return [header, ...this.#parts];
  }
}
