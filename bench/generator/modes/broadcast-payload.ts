import type { LoadOptions } from '../options.js';
import { Opcode } from '../wire/client-frames.js';
import { DIGITS, readDigits } from '../wire/hex-digits.js';
import { RequestBatch } from '../wire/request-batch.js';
import { filler } from './filler.js';

/** By which a broadcast is recognized in whatever a server puts around it; its number follows. */
export const BROADCAST_MARK = 'SEQ=';
const MARK = Buffer.from(BROADCAST_MARK);
const [MARK_0, MARK_1, MARK_2, MARK_3] = MARK as unknown as readonly [number, number, number, number];
/** The mark stands within so many bytes, or this is no broadcast. */
const FARTHEST_MARK = 512;

/** `prefix, SEQ=, 8 hex digits, filler, suffix`: what is published, and how it is found again in what subscribers get. */
export class BroadcastPayload {
  readonly #filler: Buffer;
  /** Where the mark stood last: servers put the same around each message. */
  #markAt = 0;

  constructor(private readonly options: Pick<LoadOptions, 'prefix' | 'suffix' | 'sizeBytes' | 'binary'>) {
    this.#filler = filler(options.sizeBytes - MARK.length - DIGITS);
  }

  createBatch(): RequestBatch {
    const { prefix, suffix, binary } = this.options;
    const head = Buffer.from(prefix + BROADCAST_MARK);
    const payload = Buffer.concat([head, Buffer.from('0'.repeat(DIGITS)), this.#filler, Buffer.from(suffix)]);
    return new RequestBatch(binary ? Opcode.Binary : Opcode.Text, payload, head.length);
  }

  /** @returns the number in the message, or -1 when this is no broadcast */
  read(bytes: Buffer, start: number, end: number): number {
    if (!isMark(bytes, start + this.#markAt)) {
      const found = bytes.subarray(start, Math.min(end, start + FARTHEST_MARK)).indexOf(MARK);
      if (found < 0) return -1;
      this.#markAt = found;
    }
    const at = start + this.#markAt + MARK.length;
    return at + DIGITS <= end ? readDigits(bytes, at) : -1;
  }

  /** What follows the number `read` last is as it was sent. */
  isIntact(bytes: Buffer, start: number, end: number): boolean {
    const from = start + this.#markAt + MARK.length + DIGITS;
    const to = from + this.#filler.length;
    return to <= end && bytes.compare(this.#filler, 0, this.#filler.length, from, to) === 0;
  }
}

function isMark(bytes: Buffer, at: number): boolean {
  return (
    bytes[at] === MARK_0 && bytes[at + 1] === MARK_1 && bytes[at + 2] === MARK_2 && bytes[at + 3] === MARK_3
  );
}
