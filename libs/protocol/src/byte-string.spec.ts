import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  byteStringFromBytes,
  byteStringFromText,
  bytesFromByteString,
  textFromByteString,
  type ByteString,
} from './byte-string.js';

describe('a byte string', () => {
  it('holds any bytes without loss', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const name = byteStringFromBytes(bytes);
        expect(name).toHaveLength(bytes.length);
        expect(bytesFromByteString(name)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('holds any text, and gives it back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const name = byteStringFromText(text);
        expect(bytesFromByteString(name)).toEqual(Buffer.from(text, 'utf8'));
        expect(textFromByteString(name)).toBe(text);
      }),
    );
  });

  it('looks like the text where that is ASCII, to the last character of it', () => {
    const ascii = String.fromCharCode(...Array(128).keys());
    expect(byteStringFromText(ascii)).toBe(ascii);
    expect(textFromByteString(ascii as ByteString)).toBe(ascii);
  });

  it('has one character for every byte of the text beyond ASCII', () => {
    expect(byteStringFromText('\x80')).toBe('\xc2\x80');
    expect(byteStringFromText('é')).toBe('\xc3\xa9');
    expect(byteStringFromText('房间')).toBe('\xe6\x88\xbf\xe9\x97\xb4');
    expect(byteStringFromText('😀')).toHaveLength(4);
  });

  it('is the bytes of the view, not of the buffer behind it', () => {
    expect(byteStringFromBytes(Uint8Array.of(1, 65, 66, 4).subarray(1, 3))).toBe('AB');
  });

  it('that is no UTF-8 reads as text with replacement characters', () => {
    expect(textFromByteString('a\xff\xfeb' as ByteString)).toBe('a\ufffd\ufffdb');
  });
});
