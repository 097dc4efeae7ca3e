import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FRAME_HEADER_BYTES } from './frame.js';
import { encodeFrame, FrameWriter } from './frame-writer.js';

function expected(payload: string): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(FRAME_HEADER_BYTES);
  head.writeUInt32BE(FRAME_HEADER_BYTES + body.length, 0);
  head.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([head, body]);
}

describe('FrameWriter', () => {
  it.each(['', 'a', 'hello', 'x'.repeat(247), 'x'.repeat(248), 'x'.repeat(249), 'y'.repeat(10_000)])(
    'puts length and checksum before the payload %#',
    (payload) => {
      const writer = new FrameWriter();
      writer.beginFrame();
      writer.payload(payload);
      writer.endFrame();
      expect(writer.frameBytes).toBe(FRAME_HEADER_BYTES + payload.length);
      expect(writer.view().equals(expected(payload))).toBe(true);
    },
  );

  it('puts frames one after another', () => {
    const writer = new FrameWriter(0);
    const sizes = ['one', '', 'three'].map((payload) => {
      writer.beginFrame();
      writer.payload(payload);
      writer.endFrame();
      return writer.frameBytes;
    });
    expect(sizes).toEqual([11, 8, 13]);
    expect(writer.view()).toEqual(Buffer.concat([expected('one'), expected(''), expected('three')]));
  });

  it('takes back a frame that could not be written, and nothing before it', () => {
    const writer = new FrameWriter();
    writer.beginFrame();
    writer.payload('kept');
    writer.endFrame();
    writer.beginFrame();
    writer.payload('half of a fra');
    writer.abortFrame();
    expect(writer.view()).toEqual(expected('kept'));
    writer.beginFrame();
    writer.payload('next');
    writer.endFrame();
    expect(writer.view()).toEqual(Buffer.concat([expected('kept'), expected('next')]));
  });

  it('begins anew after its bytes were taken', () => {
    const writer = new FrameWriter();
    writer.beginFrame();
    writer.payload('first');
    writer.endFrame();
    const first = writer.take(16);
    writer.beginFrame();
    writer.payload('second, longer than the new buffer');
    writer.endFrame();
    expect(first).toEqual(expected('first'));
    expect(writer.view()).toEqual(expected('second, longer than the new buffer'));
  });
});

describe('encodeFrame', () => {
  it('gives one frame, whose bytes no later frame overwrites', () => {
    const one = encodeFrame((writer) => writer.payload('one'));
    const two = encodeFrame((writer) => writer.payload('two'));
    expect(one).toEqual(expected('one'));
    expect(two).toEqual(expected('two'));
  });

  it('lets the error of the payload through', () => {
    const failure = new Error('no payload');
    expect(() =>
      encodeFrame(() => {
        throw failure;
      }),
    ).toThrow(failure);
  });
});
