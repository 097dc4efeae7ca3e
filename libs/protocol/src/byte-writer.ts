import type { ByteString } from './byte-string.js';
import { InvalidArgumentError } from './errors.js';

/** Application bytes on their way out. A string is sent as its UTF-8 bytes. */
export type Payload = string | Uint8Array;

const MAX_U8 = 0xff;
const MAX_U16 = 0xffff;

/** A buffer that grows as big-endian values are appended. `take()` hands the bytes over and starts anew. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(initialBytes = 256) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes written so far, as a view that the next write may invalidate. */
  view(start = 0): Buffer {
    return this.#buffer.subarray(start, this.#length);
  }

  /** The buffer behind `view()`, for a checksum in place; the next write may replace it. */
  protected get buffer(): Buffer {
    return this.#buffer;
  }

  /** Forgets everything after `length`: an unfinished frame, or all of it after a flush. */
  truncate(length: number): void {
    this.#length = length;
  }

  /**
   * The bytes written so far, which the caller owns from now on.
   * @param next a buffer for what is written next, or its size
   */
  take(next: Buffer | number): Buffer {
    const taken = this.view();
    this.#buffer = typeof next === 'number' ? Buffer.allocUnsafe(next) : next;
    this.#length = 0;
    return taken;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  u16(value: number): void {
    this.#reserve(2);
    const buffer = this.#buffer;
    buffer[this.#length++] = value >>> 8;
    buffer[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#store32(this.#length, value);
  }

  /** Overwrites four bytes that were written before: a length known only at the end. */
  patch32(position: number, value: number): void {
    this.#store32(position, value);
  }

  bytes(bytes: Uint8Array): void {
    // Most sessions are empty, and the call that copies them costs the same for nothing.
    if (bytes.length === 0) return;
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  byteString(text: ByteString): void {
    this.#reserve(text.length);
    this.#length += this.#buffer.write(text, this.#length, 'latin1');
  }

  payload(payload: Payload): void {
    if (typeof payload !== 'string') return this.bytes(payload);
    // UTF-16 units take at most three bytes each; an exact count costs a second pass over long texts only.
    this.#reserve(payload.length < 4096 ? payload.length * 3 : Buffer.byteLength(payload));
    this.#length += this.#buffer.write(payload, this.#length, 'utf8');
  }

  /**
   * A count in one byte.
   * @throws InvalidArgumentError when it does not fit: the original let it wrap, and misdelivered.
   */
  length8(length: number, what: string): void {
    if (length > MAX_U8) {
      throw new InvalidArgumentError(
        what,
        `takes at most ${MAX_U8} bytes, and this one has ${length}. Use a shorter name.`,
      );
    }
    this.u8(length);
  }

  /**
   * A count in two bytes.
   * @throws InvalidArgumentError when it does not fit.
   */
  length16(length: number, what: string): void {
    if (length > MAX_U16) {
      throw new InvalidArgumentError(what, `takes at most ${MAX_U16}, and this one has ${length}.`);
    }
    this.u16(length);
  }

  #store32(position: number, value: number): number {
    const buffer = this.#buffer;
    buffer[position] = value >>> 24;
    buffer[position + 1] = value >>> 16;
    buffer[position + 2] = value >>> 8;
    buffer[position + 3] = value;
    return position + 4;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
