import { isDeepStrictEqual } from 'node:util';
import { ByteReader, ByteWriter } from '#protocol';
import { attempt, holds, shown, type FuzzTarget } from './contract.js';

/** With which codes a message that came whole may be refused. */
export const MESSAGE_REFUSALS: ReadonlySet<string> = new Set([
  'ERR_NESTWIRE_TRUNCATED',
  'ERR_NESTWIRE_TRAILING_BYTES',
  'ERR_NESTWIRE_MALFORMED',
  'ERR_NESTWIRE_UNKNOWN_CODE',
]);

export interface MessageFormat<Value> extends Pick<FuzzTarget, 'name' | 'parsers' | 'seeds'> {
  readonly dictionary?: readonly Buffer[];
  read(reader: ByteReader): Value;
  write(writer: ByteWriter, value: Value): void;
  /** Only one way to write a value: what is accepted is written as the same bytes. By default some other form may be accepted, too. */
  readonly isExact?: boolean;
  /** What holds beyond that. */
  check?(value: Value, payload: Buffer): void;
}

/** The payload of one frame. What is accepted is written again, and that form is read as the same value and written as itself. */
export function messageTarget<Value>(format: MessageFormat<Value>): FuzzTarget {
  const { name, parsers, seeds, dictionary = [] } = format;
  return {
    name,
    parsers,
    seeds,
    dictionary,
    run(payload) {
      const { value, code } = attempt(MESSAGE_REFUSALS, () => wholly(format, payload));
      if (code !== undefined) return 'refused';
      const written = payloadOf(format, value);
      const again = wholly(format, written);
      holds(isDeepStrictEqual(again, value), () => `${shown(written)} is read as another value`);
      const rewritten = payloadOf(format, again);
      holds(rewritten.equals(written), () => `${shown(written)} is no canonical form`);
      if (format.isExact === true) {
        holds(written.equals(payload), () => `${shown(payload)} is written as ${shown(written)}`);
      }
      format.check?.(value, payload);
      return 'accepted';
    },
  };
}

function wholly<Value>(format: MessageFormat<Value>, payload: Buffer): Value {
  const reader = ByteReader.of(payload);
  const value = format.read(reader);
  holds(reader.remaining === 0, () => `${reader.remaining} bytes of ${shown(payload)} were not read`);
  return value;
}

function payloadOf<Value>(format: MessageFormat<Value>, value: Value): Buffer {
  const writer = new ByteWriter(0);
  format.write(writer, value);
  return writer.view();
}
