import type { ByteReader } from '../byte-reader.js';
import type { ByteString } from '../byte-string.js';
import type { ByteWriter } from '../byte-writer.js';
import { ExtensionCode } from './codes.js';

/** Keys of the optional fields. A key that is not known is skipped: what is new later is a field, not a layout. */
const Field = { Redelivered: 1, CoalescingKey: 2 } as const;

/** What may be said about an event or a command before its own code. */
export interface Marks {
  /** Another worker may have handled this event already, or begun to. */
  readonly redelivered?: boolean;
  /** Of the messages that wait for a slow client, only the newest with this key has to reach it. */
  readonly coalescingKey?: ByteString;
}

interface MutableMarks {
  redelivered?: boolean;
  coalescingKey?: ByteString;
}

/**
 * `u8 200 | u8 fields | (u8 key, u16 length, value)*`, and then the event or command with its own code.
 * @throws InvalidArgumentError for a key of more than 65,535 bytes
 */
export function writeMarks(writer: ByteWriter, { redelivered, coalescingKey }: Marks): void {
  writer.u8(ExtensionCode.Marked);
  writer.u8(Number(redelivered === true) + Number(coalescingKey !== undefined));
  if (redelivered === true) {
    writer.u8(Field.Redelivered);
    writer.u16(0);
  }
  if (coalescingKey !== undefined) {
    writer.u8(Field.CoalescingKey);
    writer.length16(coalescingKey.length, 'key');
    writer.byteString(coalescingKey);
  }
}

/**
 * Reads the fields after the code has been taken off; what is left is the event or command.
 * @throws ProtocolError when they are cut short
 */
export function readMarks(reader: ByteReader): Marks {
  const marks: MutableMarks = {};
  for (let left = reader.u8(); left > 0; left--) {
    const key = reader.u8();
    const length = reader.u16();
    if (key === Field.Redelivered) {
      reader.bytes(length);
      marks.redelivered = true;
    } else if (key === Field.CoalescingKey) {
      marks.coalescingKey = reader.byteString(length);
    } else {
      reader.bytes(length);
    }
  }
  return marks;
}
