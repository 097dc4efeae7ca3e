import { crc32 as zlibCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32 } from './crc32.js';

/** Bytes without a pattern, the same in every run. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

describe('crc32', () => {
  const bytes = noise(2100);

  it("is zlib's for all lengths from 0 to 2000", () => {
    for (let length = 0; length <= 2000; length++) {
      expect(crc32(bytes, 0, length)).toBe(zlibCrc32(bytes.subarray(0, length)));
    }
  });

  it("is zlib's at all offsets, of what lies between start and end alone", () => {
    for (let start = 0; start <= 100; start++) {
      for (const length of [0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 100, 511, 512, 513, 2000]) {
        expect(crc32(bytes, start, start + length)).toBe(zlibCrc32(bytes.subarray(start, start + length)));
      }
    }
  });

  it.each([0x00, 0x7f, 0x80, 0xff])('is right for bytes that are all %i', (byte) => {
    const same = Buffer.alloc(600, byte);
    for (let length = 0; length <= 600; length++) {
      expect(crc32(same, 0, length)).toBe(zlibCrc32(same.subarray(0, length)));
    }
  });

  it('is the check value of the standard', () => {
    expect(crc32(Buffer.from('123456789'), 0, 9)).toBe(0xcbf4_3926);
    expect(crc32(Buffer.alloc(0), 0, 0)).toBe(0);
  });

  it('is right in a buffer that begins inside a larger one', () => {
    const view = bytes.subarray(13, 713);
    for (let length = 0; length <= 700; length++) {
      expect(crc32(view, 0, length)).toBe(zlibCrc32(view.subarray(0, length)));
    }
  });
});
