import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { ProtocolError } from '../errors.js';
import { ExtensionCode } from './codes.js';

/** Takes a range of event sequences that are done with. */
export type RangeTaker = (first: number, count: number) => void;

/** Both ends count the events of a link, beginning at 1; after 2^32 - 1 comes 0. */
export const FIRST_SEQUENCE = 1;

export function nextSequence(sequence: number): number {
  return (sequence + 1) >>> 0;
}

/**
 * `u8 201 | (u32 first, u32 count)*`: ranges of events that the worker is done with, each of which it names once. Handlers of
 * different clients run side by side, so that ranges come in any order.
 * @param ranges first and count by turns
 */
export function writeAcknowledge(writer: ByteWriter, ranges: readonly number[]): void {
  writer.u8(ExtensionCode.Acknowledge);
  for (const value of ranges) writer.u32(value);
}

/**
 * Reads what follows the code.
 * @throws ProtocolError for a range that is cut short or empty, and what `take` throws
 */
export function readAcknowledge(reader: ByteReader, take: RangeTaker): void {
  while (reader.remaining > 0) {
    const first = reader.u32();
    const count = reader.u32();
    if (count === 0)
      throw new ProtocolError('ERR_NESTWIRE_MALFORMED', 'An acknowledgement has a range of no events');
    take(first, count);
  }
}
