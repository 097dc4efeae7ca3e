import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameDecoder } from './frame-decoder.js';
import { encodeFrame } from './frame-writer.js';
import { GatheredFrame } from './gathered-frame.js';

describe('a gathered frame', () => {
  it('is byte for byte the frame that is written at once', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 2_000 })), (parts) => {
        const frame = new GatheredFrame();
        for (const part of parts) frame.add((writer) => writer.bytes(part));
        const bytes = Buffer.concat(frame.buffers());
        expect(frame.frameBytes).toBe(bytes.length);
        expect(bytes).toEqual(encodeFrame((writer) => writer.bytes(Buffer.concat(parts))));
      }),
    );
  });

  it('may have parts of any size', () => {
    const frame = new GatheredFrame();
    const part = Buffer.alloc(300_000, 'x');
    for (let i = 0; i < 3; i++) frame.add((writer) => writer.bytes(part));
    const payloads: Buffer[] = [];
    new FrameDecoder(1_000_000).push(Buffer.concat(frame.buffers()), (payload) =>
      payloads.push(Buffer.from(payload.rest())),
    );
    expect(payloads).toEqual([Buffer.alloc(900_000, 'x')]);
  });
});
