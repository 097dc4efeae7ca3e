import { describe, expect, it } from 'vitest';
import type { ByteReader } from './byte-reader.js';
import { ProtocolError } from './errors.js';
import { FrameDecoder } from './frame-decoder.js';
import { encodeFrame } from './frame-writer.js';

function frame(payload: string | Uint8Array): Buffer {
  return encodeFrame((writer) => writer.payload(payload));
}

/** A header that announces `length` bytes and nothing behind it. */
function header(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(length);
  return bytes;
}

/** A sink that keeps what it got. */
function collector(): { texts: string[]; sink: (payload: ByteReader) => void } {
  const texts: string[] = [];
  return { texts, sink: (payload) => void texts.push(payload.restAsByteString()) };
}

function errorOf(action: () => void): ProtocolError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return error as ProtocolError;
  }
  throw new Error('Nothing was thrown');
}

function pushBytes(decoder: FrameDecoder, bytes: Buffer, sink: (payload: ByteReader) => void): void {
  for (let i = 0; i < bytes.length; i++) decoder.push(bytes.subarray(i, i + 1), sink);
}

describe('FrameDecoder', () => {
  it('takes a frame of 8 bytes, whose payload is empty', () => {
    const { texts, sink } = collector();
    const decoder = new FrameDecoder(8);
    decoder.push(header(8), sink);
    pushBytes(decoder, header(8), sink);
    expect(texts).toEqual(['', '']);
  });

  it('takes an empty chunk for nothing', () => {
    const { texts, sink } = collector();
    const decoder = new FrameDecoder(100);
    decoder.push(Buffer.alloc(0), sink);
    decoder.push(frame('a').subarray(0, 5), sink);
    decoder.push(Buffer.alloc(0), sink);
    decoder.push(frame('a').subarray(5), sink);
    expect(texts).toEqual(['a']);
  });

  it('delivers a frame with its last byte, not with the next frame', () => {
    const { texts, sink } = collector();
    const decoder = new FrameDecoder(100);
    const bytes = frame('whole');
    pushBytes(decoder, bytes.subarray(0, -1), sink);
    expect(texts).toEqual([]);
    decoder.push(bytes.subarray(-1), sink);
    expect(texts).toEqual(['whole']);
  });

  it('says how many bytes it holds', () => {
    const { sink } = collector();
    const decoder = new FrameDecoder(100);
    const bytes = frame('0123456789');
    decoder.push(bytes.subarray(0, 3), sink);
    expect(decoder.carriedBytes).toBe(3);
    decoder.push(bytes.subarray(3, 12), sink);
    expect(decoder.carriedBytes).toBe(12);
    decoder.push(Buffer.concat([bytes.subarray(12), bytes.subarray(0, 9)]), sink);
    expect(decoder.carriedBytes).toBe(9);
    decoder.push(bytes.subarray(9), sink);
    expect(decoder.carriedBytes).toBe(0);
  });

  it('reads whole frames where they lie, without a copy', () => {
    const bytes = Buffer.concat([frame('first'), frame('second')]);
    const places: number[] = [];
    new FrameDecoder(100).push(bytes, (payload) => {
      const view = payload.rest();
      expect(view.buffer).toBe(bytes.buffer);
      places.push(view.byteOffset - bytes.byteOffset);
    });
    expect(places).toEqual([8, 8 + 5 + 8]);
  });

  it('copies what it carries over, since the chunk may be overwritten', () => {
    const { texts, sink } = collector();
    const decoder = new FrameDecoder(100);
    const bytes = frame('carried');
    const chunk = Buffer.from(bytes.subarray(0, 12));
    decoder.push(chunk, sink);
    chunk.fill(0);
    decoder.push(bytes.subarray(12), sink);
    expect(texts).toEqual(['carried']);
  });

  it('leaves a reader that is kept after the call with nothing to read', () => {
    let kept: ByteReader | undefined;
    new FrameDecoder(100).push(frame('secret'), (payload) => (kept = payload));
    expect(kept?.remaining).toBe(0);
  });

  it('delivers to a sink that does not read', () => {
    let frames = 0;
    new FrameDecoder(100).push(Buffer.concat([frame('a'), frame('b')]), () => frames++);
    expect(frames).toBe(2);
  });
});

describe('a length out of bounds', () => {
  it.each([0, 1, 7, 101, 2 ** 31, 2 ** 32 - 1])('of %i bytes ends the stream', (length) => {
    const error = errorOf(() => new FrameDecoder(100).push(header(length), () => undefined));
    expect(error.code).toBe('ERR_NESTWIRE_FRAME_LENGTH');
    expect(error.message).toBe(
      `A frame announces ${length} bytes; between 8 and 100 are allowed. Is the peer speaking another protocol?`,
    );
  });

  it('is found with the eighth byte, and before a payload is waited for', () => {
    const decoder = new FrameDecoder(100);
    pushBytes(decoder, header(101).subarray(0, 7), () => undefined);
    expect(errorOf(() => decoder.push(Buffer.of(0), () => undefined)).code).toBe('ERR_NESTWIRE_FRAME_LENGTH');
  });

  it('is none when the frame is just as large as allowed', () => {
    const { texts, sink } = collector();
    const bytes = frame('x'.repeat(92));
    new FrameDecoder(100).push(bytes, sink);
    pushBytes(new FrameDecoder(100), bytes, sink);
    expect(texts.map((text) => text.length)).toEqual([92, 92]);
    expect(errorOf(() => new FrameDecoder(99).push(bytes, sink)).code).toBe('ERR_NESTWIRE_FRAME_LENGTH');
  });

  it('is measured by the limit of the moment: it may be raised later, even inside a frame', () => {
    const { texts, sink } = collector();
    const decoder = new FrameDecoder(20);
    const large = frame('x'.repeat(1000));
    decoder.push(Buffer.concat([frame('hello'), large.subarray(0, 7)]), sink);
    decoder.maxFrameBytes = 2000;
    decoder.push(large.subarray(7), sink);
    decoder.push(large, sink);
    expect(texts.map((text) => text.length)).toEqual([5, 1000, 1000]);
  });

  it('can be raised by the sink for the rest of the chunk', () => {
    const sizes: number[] = [];
    const decoder = new FrameDecoder(20);
    decoder.push(Buffer.concat([frame('hello'), frame('x'.repeat(1000))]), (payload) => {
      sizes.push(payload.remaining);
      decoder.maxFrameBytes = 2000;
    });
    expect(sizes).toEqual([5, 1000]);
  });
});

describe('a wrong checksum', () => {
  const good = frame('payload');

  it.each(Array.from({ length: good.length - 4 }, (_, i) => i + 4))(
    'is found when byte %i is another',
    (at) => {
      const bad = Buffer.from(good);
      bad[at]! ^= 1;
      for (const push of [(decoder: FrameDecoder) => decoder.push(bad, neverCalled), pushSlowly]) {
        const error = errorOf(() => push(new FrameDecoder(100)));
        expect(error.code).toBe('ERR_NESTWIRE_FRAME_CHECKSUM');
        expect(error.message).toBe('The checksum of a frame of 15 bytes is wrong');
      }
      function pushSlowly(decoder: FrameDecoder): void {
        pushBytes(decoder, bad, neverCalled);
      }
    },
  );

  it('is found in an empty payload, too', () => {
    const bytes = header(8);
    bytes[7] = 1;
    const error = errorOf(() => new FrameDecoder(8).push(bytes, neverCalled));
    expect(error.code).toBe('ERR_NESTWIRE_FRAME_CHECKSUM');
  });

  function neverCalled(): never {
    throw new Error('A frame with a wrong checksum was delivered');
  }
});

describe('after an error', () => {
  const badChecksum = Buffer.concat([frame('x')]);
  badChecksum[4]! ^= 1;

  it.each([
    ['a wrong length', header(5)],
    ['a wrong checksum', badChecksum],
  ])('nothing more is delivered: %s', (_name, bad) => {
    const { texts, sink } = collector();
    const decoder = new FrameDecoder(100);
    expect(() => decoder.push(Buffer.concat([frame('before'), bad, frame('behind')]), sink)).toThrow(
      ProtocolError,
    );
    decoder.push(frame('later'), sink);
    pushBytes(decoder, frame('later'), sink);
    expect(texts).toEqual(['before']);
    expect(decoder.carriedBytes).toBe(0);
  });

  it('nothing more is delivered when the sink threw: the rest of its chunk is lost', () => {
    const { texts, sink } = collector();
    const decoder = new FrameDecoder(100);
    const failure = new Error('the sink fails');
    const chunk = Buffer.concat([frame('one'), frame('two'), frame('three').subarray(0, 9)]);
    expect(() =>
      decoder.push(chunk, () => {
        throw failure;
      }),
    ).toThrow(failure);
    decoder.push(frame('three').subarray(9), sink);
    decoder.push(frame('four'), sink);
    expect(texts).toEqual([]);
    expect(decoder.carriedBytes).toBe(0);
  });
});

describe('stop()', () => {
  it('inside the sink ends the delivery with that frame, although the chunk has more', () => {
    const { texts, sink } = collector();
    const decoder = new FrameDecoder(100);
    decoder.push(
      Buffer.concat([frame('one'), frame('last'), frame('no'), Buffer.from('rest')]),
      (payload) => {
        if (payload.remaining === 4) decoder.stop();
        sink(payload);
      },
    );
    decoder.push(frame('later'), sink);
    expect(texts).toEqual(['one', 'last']);
    expect(decoder.carriedBytes).toBe(0);
  });

  it('inside the sink of a carried frame leaves the rest of the chunk alone', () => {
    const { texts, sink } = collector();
    const decoder = new FrameDecoder(100);
    const carried = frame('carried');
    decoder.push(carried.subarray(0, 10), sink);
    // Were the rest looked at, its length of 5 would be an error.
    decoder.push(Buffer.concat([carried.subarray(10), header(5)]), (payload) => {
      sink(payload);
      decoder.stop();
    });
    expect(texts).toEqual(['carried']);
  });

  it('lets go of what was carried', () => {
    const decoder = new FrameDecoder(100);
    decoder.push(frame('half').subarray(0, 10), () => undefined);
    decoder.stop();
    expect(decoder.carriedBytes).toBe(0);
  });
});
