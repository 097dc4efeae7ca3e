import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FrameDecoder, FrameWriter } from '#protocol';

interface GoldenBatch {
  readonly name: string;
  readonly payloads: readonly string[];
  readonly frame: string;
}

const goldens = JSON.parse(
  readFileSync(new URL('./extension/batches.json', import.meta.url), 'utf8'),
) as readonly GoldenBatch[];

/** Payloads that were read from these bytes in chunks of a size. */
function read(bytes: Buffer, chunkBytes: number): string[] {
  const payloads: string[] = [];
  const decoder = new FrameDecoder(4_096, true);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    decoder.push(Buffer.from(bytes.subarray(at, at + chunkBytes)), (payload) =>
      payloads.push(payload.rest().toString('hex')),
    );
  }
  return payloads;
}

describe.each(goldens)('a golden batch, of $name', ({ payloads, frame }) => {
  it('is written to the byte', () => {
    const writer = new FrameWriter();
    writer.batch();
    for (const payload of payloads) {
      writer.beginFrame();
      writer.bytes(Buffer.from(payload, 'hex'));
      writer.endFrame();
    }
    writer.seal();
    expect(writer.view().toString('hex')).toBe(frame);
  });

  it.each([1, 5, 4_096])('is read in chunks of %i bytes', (chunkBytes) => {
    expect(read(Buffer.from(frame, 'hex'), chunkBytes)).toEqual(payloads);
  });
});

it('golden batches follow each other on one link', () => {
  const stream = Buffer.from(goldens.map(({ frame }) => frame).join(''), 'hex');
  expect(read(stream, 100)).toEqual(goldens.flatMap(({ payloads }) => payloads));
});
