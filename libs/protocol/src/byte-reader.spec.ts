import { describe, expect, it } from 'vitest';
import { ByteReader } from './byte-reader.js';
import { ProtocolError } from './errors.js';

function refusal(action: () => unknown): ProtocolError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return error as ProtocolError;
  }
  throw new Error('Nothing was thrown');
}

describe('ByteReader', () => {
  it('reads numbers with their most significant byte first, and never as negative ones', () => {
    const reader = ByteReader.of(Buffer.from('ab' + 'abcd' + '01020304' + 'fffffffe' + '80000000', 'hex'));
    expect(reader.u8()).toBe(0xab);
    expect(reader.u16()).toBe(0xabcd);
    expect(reader.u32()).toBe(0x0102_0304);
    expect(reader.u32()).toBe(0xffff_fffe);
    expect(reader.u32()).toBe(0x8000_0000);
    expect(reader.remaining).toBe(0);
  });

  it('reads a view of a larger buffer, and only that', () => {
    const behind = Uint8Array.of(1, 2, 3, 4, 5);
    const reader = ByteReader.of(behind.subarray(1, 4));
    expect(reader.remaining).toBe(3);
    expect(reader.rest()).toEqual(Buffer.of(2, 3, 4));
    expect(refusal(() => reader.u8()).code).toBe('ERR_NESTWIRE_TRUNCATED');
  });

  it('reads every byte of a byte string as one character', () => {
    const reader = ByteReader.of(Buffer.from([...Array(256).keys()]));
    expect(reader.byteString(3)).toBe('\0\x01\x02');
    const rest = reader.restAsByteString();
    expect(Array.from(rest, (character) => character.charCodeAt(0))).toEqual([...Array(256).keys()].slice(3));
    expect(reader.restAsByteString()).toBe('');
  });

  it('gives bytes as a view, without a copy', () => {
    const bytes = Buffer.from('abcdef');
    const reader = ByteReader.of(bytes);
    reader.u8();
    const view = reader.bytes(3);
    bytes.write('X', 2);
    expect(view.toString()).toBe('bXd');
    expect(reader.bytes(0)).toEqual(Buffer.alloc(0));
    expect(reader.rest().toString()).toBe('ef');
  });

  it('is moved to a stretch of another buffer', () => {
    const reader = ByteReader.of(Buffer.from('old'));
    reader.u8();
    reader.reset(Buffer.from('0123456789'), 3, 6);
    expect(reader.remaining).toBe(3);
    expect(reader.restAsByteString()).toBe('345');
    expect(refusal(() => reader.u8()).code).toBe('ERR_NESTWIRE_TRUNCATED');
  });

  it('reads what is left as UTF-8 text, and no byte of the next frame', () => {
    const reader = new ByteReader();
    const bytes = Buffer.from('.grüß \u{1f600}|next');
    reader.reset(bytes, 1, bytes.indexOf('|'));
    expect(reader.restAsText()).toBe('grüß \u{1f600}');
    expect(reader.remaining).toBe(0);
    expect(reader.restAsText()).toBe('');
    expect(ByteReader.of(Buffer.of(0x61, 0xff)).restAsText()).toBe('a\ufffd');
  });

  it('goes back to where it was, and reads the same again', () => {
    const reader = ByteReader.of(Buffer.of(1, 2, 3));
    reader.u8();
    const { position } = reader;
    expect(reader.u16()).toBe(0x0203);
    reader.rewind(position);
    expect(reader.remaining).toBe(2);
    expect(reader.u16()).toBe(0x0203);
  });

  it('starts with nothing to read', () => {
    expect(new ByteReader().remaining).toBe(0);
    expect(refusal(() => new ByteReader().u8()).code).toBe('ERR_NESTWIRE_TRUNCATED');
  });
});

describe('a read past the end', () => {
  const reads: [string, number, (reader: ByteReader) => unknown][] = [
    ['u8', 1, (reader) => reader.u8()],
    ['u16', 2, (reader) => reader.u16()],
    ['u32', 4, (reader) => reader.u32()],
    ['bytes', 9, (reader) => reader.bytes(9)],
    ['byteString', 9, (reader) => reader.byteString(9)],
  ];

  it.each(reads)('of %s is refused, and moves nothing', (_name, size, read) => {
    for (let left = 0; left < size; left++) {
      const reader = new ByteReader();
      // There are bytes behind the end: they belong to the next frame.
      reader.reset(Buffer.alloc(100), 10, 10 + left);
      const error = refusal(() => read(reader));
      expect(error.code).toBe('ERR_NESTWIRE_TRUNCATED');
      expect(error.message).toBe(`A field of ${size} bytes was announced and ${left} are left`);
      expect(reader.remaining).toBe(left);
    }
  });

  it('of an announced length allocates nothing', () => {
    const before = process.memoryUsage().arrayBuffers;
    const reader = ByteReader.of(Buffer.from('ffffffff00', 'hex'));
    expect(refusal(() => reader.bytes(reader.u32())).code).toBe('ERR_NESTWIRE_TRUNCATED');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });
});

describe('expectEnd', () => {
  it('takes a message that was read to its end', () => {
    const reader = ByteReader.of(Buffer.of(1));
    reader.u8();
    expect(() => reader.expectEnd('The message')).not.toThrow();
  });

  it('refuses a message that goes on', () => {
    const reader = ByteReader.of(Buffer.of(1, 2, 3));
    reader.u8();
    const error = refusal(() => reader.expectEnd('The message'));
    expect(error.code).toBe('ERR_NESTWIRE_TRAILING_BYTES');
    expect(error.message).toBe('The message has 2 bytes after its last field');
  });
});
