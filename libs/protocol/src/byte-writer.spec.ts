import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ByteString } from './byte-string.js';
import { ByteWriter } from './byte-writer.js';
import { InvalidArgumentError } from './errors.js';

function written(write: (writer: ByteWriter) => void, initialBytes?: number): string {
  const writer = new ByteWriter(initialBytes);
  write(writer);
  return writer.view().toString('hex');
}

function refusal(action: () => void): InvalidArgumentError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return error as InvalidArgumentError;
  }
  throw new Error('Nothing was thrown');
}

describe('ByteWriter', () => {
  it('writes numbers with their most significant byte first', () => {
    expect(written((writer) => writer.u8(0xab))).toBe('ab');
    expect(written((writer) => writer.u16(0xabcd))).toBe('abcd');
    expect(written((writer) => writer.u32(0x0102_0304))).toBe('01020304');
    expect(written((writer) => writer.u32(0xffff_fffe))).toBe('fffffffe');
    expect(written((writer) => writer.u32(0x8000_0000))).toBe('80000000');
  });

  it('writes every character of a byte string as one byte', () => {
    const all = String.fromCharCode(...Array(256).keys()) as ByteString;
    expect(written((writer) => writer.byteString(all))).toBe(
      Buffer.from([...Array(256).keys()]).toString('hex'),
    );
  });

  it('writes bytes of any view, and not of the buffer behind it', () => {
    const behind = Uint8Array.of(1, 2, 3, 4, 5);
    expect(written((writer) => writer.bytes(behind.subarray(1, 4)))).toBe('020304');
    expect(written((writer) => writer.payload(behind.subarray(1, 4)))).toBe('020304');
  });

  it('writes text as UTF-8, whatever its length', () => {
    const texts = fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)) });
    fc.assert(
      fc.property(texts, fc.constantFrom(1, 100, 5000), fc.nat(300), (text, times, initialBytes) => {
        const long = text.repeat(times);
        const expected = Buffer.concat([Buffer.of(7), Buffer.from(long, 'utf8'), Buffer.of(9)]);
        const writer = new ByteWriter(initialBytes);
        writer.u8(7);
        writer.payload(long);
        writer.u8(9);
        expect(writer.view().equals(expected)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.each([4095, 4096, 4097])('has room for %i characters of three bytes each', (length) => {
    const text = '界'.repeat(length);
    const writer = new ByteWriter(0);
    writer.payload(text);
    expect(writer.length).toBe(length * 3);
    expect(writer.view().toString('utf8')).toBe(text);
  });

  it('grows from nothing, and keeps what it has', () => {
    const writer = new ByteWriter(0);
    for (let i = 0; i < 5000; i++) writer.u16(i);
    expect(writer.length).toBe(10_000);
    const view = writer.view();
    for (let i = 0; i < 5000; i++) expect(view.readUInt16BE(i * 2)).toBe(i);
  });

  it('overwrites four bytes in the middle', () => {
    const text = written((writer) => {
      writer.u32(1);
      writer.u32(2);
      writer.u32(3);
      writer.patch32(4, 0xdead_beef);
    });
    expect(text).toBe('00000001deadbeef00000003');
  });

  it('shows the bytes from a position on', () => {
    const writer = new ByteWriter();
    writer.u32(0x0102_0304);
    expect(writer.view(2)).toEqual(Buffer.of(3, 4));
    expect(writer.view(4)).toEqual(Buffer.alloc(0));
  });

  it('forgets what is behind a length', () => {
    const writer = new ByteWriter();
    writer.u32(0x0102_0304);
    writer.truncate(1);
    expect(writer.length).toBe(1);
    writer.u8(9);
    expect(writer.view()).toEqual(Buffer.of(1, 9));
  });

  it('hands its bytes over for good', () => {
    const writer = new ByteWriter();
    writer.u16(0x0102);
    const taken = writer.take(4);
    expect(writer.length).toBe(0);
    writer.u32(0xffff_ffff);
    expect(taken).toEqual(Buffer.of(1, 2));
    expect(writer.view()).toEqual(Buffer.of(255, 255, 255, 255));
  });
});

describe('a length that is counted in one byte', () => {
  it('may be 0 to 255', () => {
    expect(written((writer) => [0, 1, 255].forEach((length) => writer.length8(length, 'name')))).toBe(
      '0001ff',
    );
  });

  it.each([256, 300, 65_536])('is refused at %i, with nothing written', (length) => {
    const writer = new ByteWriter();
    const error = refusal(() => writer.length8(length, 'group'));
    expect(error.code).toBe('ERR_NESTWIRE_INVALID_ARGUMENT');
    expect(error.argument).toBe('group');
    expect(error.message).toBe(
      `"group" takes at most 255 bytes, and this one has ${length}. Use a shorter name.`,
    );
    expect(writer.length).toBe(0);
  });
});

describe('a length that is counted in two bytes', () => {
  it('may be 0 to 65535', () => {
    expect(
      written((writer) => [0, 256, 65_535].forEach((length) => writer.length16(length, 'exclude'))),
    ).toBe('00000100ffff');
  });

  it.each([65_536, 1_000_000])('is refused at %i, with nothing written', (length) => {
    const writer = new ByteWriter();
    const error = refusal(() => writer.length16(length, 'exclude'));
    expect(error.code).toBe('ERR_NESTWIRE_INVALID_ARGUMENT');
    expect(error.argument).toBe('exclude');
    expect(error.message).toBe(`"exclude" takes at most 65535, and this one has ${length}.`);
    expect(writer.length).toBe(0);
  });
});
