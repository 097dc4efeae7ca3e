import { describe, expect, it } from 'vitest';
import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { readReplyHead, writeFailedReply } from './exchange.js';

describe('a failed reply', () => {
  it.each([
    { code: 'bad-argument', text: 'There is no group of that name' },
    { code: '', text: '' },
    { code: 'größe-✓', text: '💡 in words' },
  ])('comes back as it was written: $code', (failure) => {
    const writer = new ByteWriter();
    writeFailedReply(writer, 7, failure);
    const reader = ByteReader.of(writer.view());
    expect(reader.u8()).toBe(203);
    expect(readReplyHead(reader)).toEqual({ id: 7, failure });
    expect(reader.remaining).toBe(0);
  });
});
