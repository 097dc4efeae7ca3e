import type { LoadOptions } from '../options.js';
import { Opcode } from '../wire/client-frames.js';
import { DIGITS, readDigits } from '../wire/hex-digits.js';
import { RequestBatch } from '../wire/request-batch.js';
import { filler } from './filler.js';

type PayloadOptions = Pick<
  LoadOptions,
  'prefix' | 'suffix' | 'expectPrefix' | 'expectSuffix' | 'sizeBytes' | 'binary'
>;

/** `prefix, 8 hex digits, filler, suffix`: what is sent, and what the answer to it must look like. */
export class EchoPayload {
  readonly #options: PayloadOptions;
  /** An answer, with any digits. */
  readonly #answer: Buffer;
  readonly #answerDigitsAt: number;
  /** A server that answers in another form closes it in another way: what follows the filler is not looked at. */
  readonly #mayEndOtherwise: boolean;
  /** A server may take the prefix off, when nothing else was said. */
  readonly #mayBeStripped: boolean;

  constructor(options: PayloadOptions) {
    this.#options = options;
    const { prefix, suffix, expectPrefix = prefix, expectSuffix } = options;
    this.#mayEndOtherwise = expectSuffix === undefined && options.expectPrefix !== undefined && suffix !== '';
    this.#answer = payloadOf(
      expectPrefix,
      options.sizeBytes,
      this.#mayEndOtherwise ? '' : (expectSuffix ?? suffix),
    );
    this.#answerDigitsAt = Buffer.byteLength(expectPrefix);
    this.#mayBeStripped = options.expectPrefix === undefined && this.#answerDigitsAt > 0;
  }

  createBatch(): RequestBatch {
    const { prefix, suffix, sizeBytes, binary } = this.#options;
    const opcode = binary ? Opcode.Binary : Opcode.Text;
    return new RequestBatch(opcode, payloadOf(prefix, sizeBytes, suffix), Buffer.byteLength(prefix));
  }

  /** @returns the number in the answer, or -1 when this is no answer */
  read(bytes: Buffer, start: number, end: number): number {
    const at = start + this.#answerDigitsAt;
    const value = at + DIGITS <= end ? readDigits(bytes, at) : -1;
    if (value >= 0 || !this.#mayBeStripped) return value;
    return start + DIGITS <= end ? readDigits(bytes, start) : -1;
  }

  /** The length is that of an answer, with or without the prefix. */
  hasItsLength(length: number): boolean {
    if (length === this.#answer.length || (this.#mayEndOtherwise && length > this.#answer.length))
      return true;
    return this.#mayBeStripped && length === this.#answer.length - this.#answerDigitsAt;
  }

  /** Every byte but the digits, which `read` has read, is as it was sent. */
  isIntact(bytes: Buffer, start: number, given: number): boolean {
    const end = this.#mayEndOtherwise ? Math.min(given, start + this.#answer.length) : given;
    const isStripped = end - start < this.#answer.length;
    const from = isStripped ? this.#answerDigitsAt : 0;
    const tail = this.#answerDigitsAt + DIGITS;
    const headBytes = this.#answerDigitsAt - from;
    return (
      bytes.compare(this.#answer, tail, this.#answer.length, start + headBytes + DIGITS, end) === 0 &&
      (headBytes === 0 ||
        bytes.compare(this.#answer, from, this.#answerDigitsAt, start, start + headBytes) === 0)
    );
  }
}

function payloadOf(prefix: string, sizeBytes: number, suffix: string): Buffer {
  return Buffer.concat([
    Buffer.from(prefix),
    Buffer.from('0'.repeat(DIGITS)),
    filler(sizeBytes - DIGITS),
    Buffer.from(suffix),
  ]);
}
