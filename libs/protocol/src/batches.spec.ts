import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from './errors.js';
import { FrameDecoder } from './frame-decoder.js';
import { encodeFrame, FrameWriter } from './frame-writer.js';

const KiB = 1024;
const LIMIT = 1_000;

const sized = (length: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
};

/** As docs/protocol.md has it, written without any of our code. */
function batchOf(...payloads: readonly string[]): Buffer {
  const parts = payloads.flatMap((payload) => [sized(payload.length), Buffer.from(payload, 'latin1')]);
  return framed(Buffer.concat([Uint8Array.of(211), ...parts]));
}

function framed(payload: Buffer): Buffer {
  return Buffer.concat([sized(payload.length + 8), sized(crc32(payload)), payload]);
}

function batchWriter(...payloads: readonly string[]): FrameWriter {
  const writer = new FrameWriter(0);
  writer.batch();
  for (const payload of payloads) add(writer, payload);
  return writer;
}

function add(writer: FrameWriter, payload: string): void {
  writer.beginFrame();
  writer.payload(payload);
  writer.endFrame();
}

/** What a decoder that takes batches makes of a stream. */
function read(bytes: Buffer, { chunkBytes = bytes.length || 1, maxFrameBytes = LIMIT } = {}): string[] {
  const texts: string[] = [];
  const decoder = new FrameDecoder(maxFrameBytes, true);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    decoder.push(bytes.subarray(at, at + chunkBytes), (payload) => texts.push(payload.restAsByteString()));
  }
  return texts;
}

function errorOf(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('Nothing was thrown');
}

describe('a writer of batches', () => {
  it('puts payloads behind their lengths, under one header', () => {
    const writer = batchWriter('one', '', 'three');
    writer.seal();
    expect(writer.view()).toEqual(batchOf('one', '', 'three'));
  });

  it('begins another batch when one is full, where it is', () => {
    const first = 'x'.repeat(16 * KiB - 8 - 1 - 4 - 1);
    const writer = batchWriter(first, 'one', 'two');
    writer.seal();
    expect(writer.view()).toEqual(Buffer.concat([batchOf(first, 'one'), batchOf('two')]));
  });

  it('begins another batch after each seal', () => {
    const writer = batchWriter('one', 'two');
    writer.seal();
    writer.seal();
    add(writer, 'three');
    writer.seal();
    expect(writer.view()).toEqual(Buffer.concat([batchOf('one', 'two'), batchOf('three')]));
  });

  it('says of a frame what it would be alone, and where its payload is', () => {
    const writer = batchWriter('one');
    writer.beginFrame();
    writer.payload('three');
    expect(writer.payloadBytes).toBe(5);
    expect(writer.frameBytes).toBe(13);
    expect(writer.chunk.toString('latin1', writer.payloadStart, writer.payloadStart + 5)).toBe('three');
  });

  it('takes back a frame that could not be written, and nothing before it', () => {
    const writer = batchWriter('kept');
    writer.beginFrame();
    writer.payload('half of a fra');
    writer.abortFrame();
    add(writer, 'next');
    writer.seal();
    expect(writer.view()).toEqual(batchOf('kept', 'next'));
  });

  it('takes back a batch of which nothing is left', () => {
    const writer = batchWriter('first');
    writer.seal();
    const { length } = writer;
    writer.beginFrame();
    writer.payload('half of a fra');
    writer.abortFrame();
    expect(writer.length).toBe(length);
    writer.seal();
    expect(writer.view()).toEqual(batchOf('first'));
    add(writer, 'second');
    writer.seal();
    expect(writer.view()).toEqual(Buffer.concat([batchOf('first'), batchOf('second')]));
  });

  it('keeps frames apart that were written before', () => {
    const writer = new FrameWriter(0);
    add(writer, 'alone');
    writer.batch();
    add(writer, 'together');
    writer.seal();
    expect(writer.view()).toEqual(
      Buffer.concat([encodeFrame((w) => w.payload('alone')), batchOf('together')]),
    );
  });
});

describe('a decoder that takes batches', () => {
  it.each([1, 2, 7, 1_000])(
    'hands over what is in them, and frames beside them, in chunks of %i',
    (chunkBytes) => {
      const stream = Buffer.concat([batchOf('one', '', 'three'), framed(Buffer.from('alone')), batchOf('x')]);
      expect(read(stream, { chunkBytes })).toEqual(['one', '', 'three', 'alone', 'x']);
    },
  );

  it('takes one of nothing for nothing', () => {
    expect(read(Buffer.concat([batchOf(), batchOf('a')]))).toEqual(['a']);
  });

  it('hands over a frame of 8 bytes, whose payload is empty, whatever comes behind it', () => {
    expect(read(framed(Buffer.alloc(0)))).toEqual(['']);
    const texts: string[] = [];
    const decoder = new FrameDecoder(LIMIT, true);
    decoder.push(Buffer.concat([framed(Buffer.alloc(0)), Uint8Array.of(211)]), (payload) =>
      texts.push(payload.restAsByteString()),
    );
    expect(texts).toEqual(['']);
    expect(decoder.carriedBytes).toBe(1);
  });

  it('looks for no batch in a batch', () => {
    const inner = batchOf('inner').subarray(8).toString('latin1');
    expect(read(batchOf(inner))).toEqual([inner]);
  });

  it('does so from when it is told, within a chunk, too', () => {
    const texts: string[] = [];
    const decoder = new FrameDecoder(LIMIT);
    decoder.push(Buffer.concat([framed(Buffer.from('ready')), batchOf('one', 'two')]), (payload) => {
      texts.push(payload.restAsByteString());
      decoder.takesBatches = true;
    });
    expect(texts).toEqual(['ready', 'one', 'two']);
  });

  it('hands over nothing more when it is stopped in the middle of one', () => {
    const texts: string[] = [];
    const decoder = new FrameDecoder(LIMIT, true);
    decoder.push(Buffer.concat([batchOf('one', 'last', 'no'), batchOf('no')]), (payload) => {
      if (payload.remaining === 4) decoder.stop();
      texts.push(payload.restAsByteString());
    });
    expect(texts).toEqual(['one', 'last']);
    expect(decoder.carriedBytes).toBe(0);
  });

  it('hands over nothing more when the sink throws in the middle of one', () => {
    const texts: string[] = [];
    const decoder = new FrameDecoder(LIMIT, true);
    const sink = (payload: { restAsByteString(): string }): void => {
      texts.push(payload.restAsByteString());
      if (texts.length === 2) throw new Error('the sink fails');
    };
    expect(() => decoder.push(batchOf('one', 'two', 'no'), sink)).toThrow('the sink fails');
    decoder.push(batchOf('later'), sink);
    expect(texts).toEqual(['one', 'two']);
  });

  it('reads payloads where they lie, without a copy', () => {
    const bytes = batchOf('first', 'second');
    const places: number[] = [];
    new FrameDecoder(LIMIT, true).push(bytes, (payload) => {
      const view = payload.rest();
      expect(view.buffer).toBe(bytes.buffer);
      places.push(view.byteOffset - bytes.byteOffset);
    });
    expect(places).toEqual([8 + 1 + 4, 8 + 1 + 4 + 5 + 4]);
  });
});

describe('one that takes none', () => {
  it('hands them over as they are', () => {
    const texts: string[] = [];
    const batch = batchOf('one');
    new FrameDecoder(LIMIT).push(batch, (payload) => texts.push(payload.restAsByteString()));
    expect(texts).toEqual([batch.toString('latin1', 8)]);
  });
});

describe('a batch that is wrong', () => {
  const good = batchOf('one', 'two');

  it.each(Array.from({ length: good.length - 4 }, (_, i) => i + 4))(
    'in byte %i is refused before anything of it is handed over',
    (at) => {
      const bad = Buffer.from(good);
      bad[at]! ^= 1;
      for (const chunkBytes of [1, bad.length]) {
        const texts: string[] = [];
        const decoder = new FrameDecoder(LIMIT, true);
        const push = (): void => {
          for (let i = 0; i < bad.length; i += chunkBytes)
            decoder.push(bad.subarray(i, i + chunkBytes), () => texts.push('handed over'));
        };
        expect(errorOf(push).code).toBe('ERR_NESTWIRE_FRAME_CHECKSUM');
        expect(texts).toEqual([]);
      }
    },
  );

  it.each([
    ['announces more than is left', [sized(4), Buffer.from('one')], 7],
    ['announces more than there can be', [sized(2 ** 32 - 1), Buffer.from('one')], 7],
    ['ends within a length', [sized(0), Buffer.alloc(3)], 3],
  ])('%s', (_name, parts, left) => {
    const { code, message } = errorOf(() => read(framed(Buffer.concat([Uint8Array.of(211), ...parts]))));
    expect(code).toBe('ERR_NESTWIRE_TRUNCATED');
    expect(message).toBe(`A batch ends in the middle of a payload, ${left} bytes after its length begins`);
  });

  it('goes on when it is full: a peer must not make one turn of millions', () => {
    const first = (bytes: number): string => 'x'.repeat(bytes - 8 - 1 - 4);
    const options = { maxFrameBytes: 20 * KiB };
    // The next length begins where the batch is full, and a byte before that.
    expect(read(batchOf(first(16 * KiB - 1), 'y'), options)).toHaveLength(2);
    const { code, message } = errorOf(() => read(batchOf(first(16 * KiB), 'y'), options));
    expect(code).toBe('ERR_NESTWIRE_FRAME_LENGTH');
    expect(message).toBe(
      `A batch of ${16 * KiB - 8 - 1 + 4 + 1} bytes goes on after ${16 * KiB}, where it is full`,
    );
    expect(read(batchOf('x'.repeat(19 * KiB)), options)).toHaveLength(1);
  });

  it('has a payload that alone would be too large', () => {
    const most = 'x'.repeat(LIMIT - 8);
    expect(read(batchOf('a', most, 'b'))).toEqual(['a', most, 'b']);
    const { code, message } = errorOf(() => read(batchOf('a', `${most}x`)));
    expect(code).toBe('ERR_NESTWIRE_FRAME_LENGTH');
    expect(message).toContain(`announces ${LIMIT + 1} bytes; between 8 and ${LIMIT} are allowed`);
  });

  it('is larger than one may be', () => {
    const most = LIMIT + 16 * KiB;
    const announced = (length: number): string[] => read(Buffer.concat([sized(length), Buffer.alloc(4)]));
    expect(announced(most)).toEqual([]);
    const { code, message } = errorOf(() => announced(most + 1));
    expect(code).toBe('ERR_NESTWIRE_FRAME_LENGTH');
    expect(message).toContain(`announces ${most + 1} bytes; between 8 and ${most} are allowed`);
  });
});

describe('a frame beside batches', () => {
  it('may be no larger than without them', () => {
    expect(read(framed(Buffer.alloc(LIMIT - 8, 'x')))).toHaveLength(1);
    const { code, message } = errorOf(() => read(framed(Buffer.alloc(LIMIT - 7, 'x'))));
    expect(code).toBe('ERR_NESTWIRE_FRAME_LENGTH');
    expect(message).toContain(`announces ${LIMIT + 1} bytes; between 8 and ${LIMIT} are allowed`);
  });
});

it('what is written in batches is read in the same order, whatever the seals, aborts and chunks', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.uint8Array({ maxLength: 700 }) },
    fc.constantFrom('seal' as const, 'abort' as const),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 1, max: 3_000 }),
      (steps, chunkBytes) => {
        const writer = new FrameWriter(0);
        writer.batch();
        const written: string[] = [];
        for (const what of steps) {
          if (what === 'seal') {
            writer.seal();
            continue;
          }
          writer.beginFrame();
          writer.bytes(what === 'abort' ? Buffer.from('half') : what);
          if (what === 'abort') writer.abortFrame();
          else {
            writer.endFrame();
            written.push(Buffer.from(what).toString('latin1'));
          }
        }
        writer.seal();
        expect(read(writer.view(), { chunkBytes })).toEqual(written);
      },
    ),
  );
});
