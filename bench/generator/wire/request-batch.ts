import type { Connection } from './connection.js';
import { clientFrame } from './client-frames.js';
import { DIGITS, putMaskedDigits } from './hex-digits.js';

const BATCH_BYTES = 256 * 1024;
const MOST_FRAMES = 1024;

/**
 * Copies of one masked frame, back to back: to send messages, their digits are patched in place, and all of them leave in one write.
 */
export class RequestBatch {
  readonly #template: Buffer;
  readonly #frameBytes: number;
  readonly #firstDigit: number;
  #frames: Buffer;
  /** `[n]`: the first n frames. Made when first needed. */
  #views: (Buffer | undefined)[] = [];
  #count = 0;

  /** @param digitsAt where the digits stand in the payload */
  constructor(
    opcode: number,
    payload: Buffer,
    private readonly digitsAt: number,
  ) {
    const frame = clientFrame(opcode, payload);
    this.#frameBytes = frame.length;
    this.#firstDigit = frame.length - payload.length + digitsAt;
    const copies = Math.max(1, Math.min(MOST_FRAMES, Math.floor(BATCH_BYTES / frame.length)));
    this.#template = Buffer.concat(Array.from({ length: copies }, () => frame));
    this.#frames = Buffer.from(this.#template);
  }

  /** The message leaves with `sendTo`, or now when the batch is full. */
  add(value: number, connection: Connection): void {
    const at = this.#count * this.#frameBytes + this.#firstDigit;
    if (at + DIGITS > this.#frames.length) {
      this.sendTo(connection);
      return this.add(value, connection);
    }
    putMaskedDigits(this.#frames, at, this.digitsAt, value);
    this.#count++;
  }

  sendTo(connection: Connection): void {
    if (this.#count === 0) return;
    const view = (this.#views[this.#count] ??= this.#frames.subarray(0, this.#count * this.#frameBytes));
    this.#count = 0;
    if (connection.send(view)) return;
    // The kernel has not taken all of it: these bytes belong to the socket until it has.
    this.#frames = Buffer.from(this.#template);
    this.#views = [];
  }
}
