import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';

/**
 * How a value is written to and read from a payload. `Read` may be narrower than `Written`: a message may be written
 * as a string, and is read as bytes.
 */
export interface Codec<Written, Read extends Written = Written> {
  write(writer: ByteWriter, value: Written): void;
  /** @throws ProtocolError for bytes that are not such a value. */
  read(reader: ByteReader): Read;
}
