import { describe, expect, it } from 'vitest';
import type { ByteReader } from './byte-reader.js';
import { FrameDecoder } from './frame-decoder.js';
import { encodeFrame } from './frame-writer.js';

const MIB = 1024 * 1024;

function frame(payload: string | Uint8Array): Buffer {
  return encodeFrame((writer) => writer.payload(payload));
}

/** A header that announces `length` bytes and nothing behind it. */
function header(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(length);
  return bytes;
}

function pushBytes(decoder: FrameDecoder, bytes: Buffer, sink: (payload: ByteReader) => void): void {
  for (let i = 0; i < bytes.length; i++) decoder.push(bytes.subarray(i, i + 1), sink);
}

describe('the memory of a decoder', () => {
  function arrayBuffers(): number {
    return process.memoryUsage().arrayBuffers;
  }

  it('follows what has arrived, not what a header announces', () => {
    const before = arrayBuffers();
    const bytes = Buffer.concat([header(64 * MIB), Buffer.alloc(2000)]);
    const decoders = Array.from({ length: 50 }, (_, i) => {
      const decoder = new FrameDecoder(64 * MIB);
      if (i % 2 === 0) decoder.push(bytes, () => undefined);
      else pushBytes(decoder, bytes, () => undefined);
      return decoder;
    });
    expect(decoders.every((decoder) => decoder.carriedBytes === 2008)).toBe(true);
    // Announced are 3.2 GB; 2 KB each have come.
    expect(arrayBuffers() - before).toBeLessThan(4 * MIB);
  });

  it('is at most a few times what has arrived while a large frame comes in', () => {
    const payload = Buffer.alloc(6 * MIB, 'p');
    const large = frame(payload);
    const decoder = new FrameDecoder(64 * MIB);
    const before = arrayBuffers();
    for (let at = 0; at < 5 * MIB; at += 64 * 1024) {
      decoder.push(large.subarray(at, at + 64 * 1024), () => undefined);
    }
    expect(decoder.carriedBytes).toBe(5 * MIB);
    // Two buffers while one grows into the next, and some garbage of the sizes before.
    expect(arrayBuffers() - before).toBeLessThan(32 * MIB);
    let received = 0;
    decoder.push(large.subarray(5 * MIB), (reader) => (received = reader.remaining));
    expect(received).toBe(6 * MIB);
    expect(decoder.carriedBytes).toBe(0);
  });

  it('takes a large frame byte by byte in a time that grows with its size, not with its square', () => {
    const timeOf = (size: number): number => {
      const bytes = frame(Buffer.alloc(size, 'p'));
      const decoder = new FrameDecoder(64 * MIB);
      let frames = 0;
      const start = process.cpuUsage();
      pushBytes(decoder, bytes, () => frames++);
      const { user, system } = process.cpuUsage(start);
      expect(frames).toBe(1);
      return user + system;
    };
    timeOf(100_000);
    const small = Math.min(timeOf(100_000), timeOf(100_000));
    const large = timeOf(1_600_000);
    // 16 times the bytes: 16 times the work, 256 times if every byte moved all before it.
    expect(large / small).toBeLessThan(80);
  });
});
