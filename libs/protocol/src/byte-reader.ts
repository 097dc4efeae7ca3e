import type { ByteString } from './byte-string.js';
import { ProtocolError } from './errors.js';

const NOTHING = Buffer.alloc(0);

/**
 * Reads big-endian values off a stretch of a buffer. Every read checks what is left, so that a length field
 * which lies can neither read past the end nor allocate what it announces.
 *
 * One reader serves a whole link and is moved from frame to frame: views it returns are valid until
 * the call that handed the frame over returns.
 */
export class ByteReader {
  #bytes: Buffer = NOTHING;
  #position = 0;
  #end = 0;

  static of(bytes: Uint8Array): ByteReader {
    const reader = new ByteReader();
    reader.reset(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength);
    return reader;
  }

  reset(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  /** Where the next read begins: for `rewind`. */
  get position(): number {
    return this.#position;
  }

  /** Back to an earlier `position` of the same stretch: what was read since is read again. */
  rewind(position: number): void {
    this.#position = position;
  }

  u8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  u16(): number {
    const at = this.#advance(2);
    const bytes = this.#bytes;
    return (bytes[at]! << 8) | bytes[at + 1]!;
  }

  u32(): number {
    const at = this.#advance(4);
    const bytes = this.#bytes;
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
  }

  bytes(length: number): Buffer {
    const at = this.#advance(length);
    return length === 0 ? NOTHING : this.#bytes.subarray(at, at + length);
  }

  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  /** What is left, as UTF-8 text. Bytes that are not UTF-8 become U+FFFD. */
  restAsText(): string {
    const at = this.#advance(this.remaining);
    return this.#bytes.toString('utf8', at, this.#end);
  }

  byteString(length: number): ByteString {
    const at = this.#advance(length);
    return this.#bytes.toString('latin1', at, at + length) as ByteString;
  }

  restAsByteString(): ByteString {
    return this.byteString(this.remaining);
  }

  /** @throws ProtocolError when bytes are left: a message longer than its layout is not the message it claims to be. */
  expectEnd(what: string): void {
    if (this.remaining > 0) {
      throw new ProtocolError(
        'ERR_NESTWIRE_TRAILING_BYTES',
        `${what} has ${this.remaining} bytes after its last field`,
      );
    }
  }

  #advance(length: number): number {
    const at = this.#position;
    if (length > this.#end - at) {
      throw new ProtocolError(
        'ERR_NESTWIRE_TRUNCATED',
        `A field of ${length} bytes was announced and ${this.#end - at} are left`,
      );
    }
    this.#position = at + length;
    return at;
  }
}
