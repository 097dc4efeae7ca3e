import { describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol';
import { frameOf, LinkRecorder, linkToRawPeer, type LinkedPeer } from '../../../test/links/link-kit.js';

const KiB = 1024;
const MiB = 1024 * KiB;

function headerOf(length: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(length);
  return header;
}

async function expectProtocolError({ recorder, peer }: LinkedPeer, code: string): Promise<void> {
  const reason = await recorder.closing();
  expect(reason).toBeInstanceOf(ProtocolError);
  expect(reason).toMatchObject({ code });
  await peer.ended();
}

describe('what a link takes in', () => {
  it('takes a frame of 4 KiB before it is accepted', async () => {
    const { peer, recorder } = await linkToRawPeer();
    peer.write(frameOf(Buffer.alloc(4 * KiB - 8, 7)));
    expect((await recorder.received(1))[0]).toHaveLength(4 * KiB - 8);
  });

  it('ends at the header of a frame of one byte more before it is accepted', async () => {
    const linked = await linkToRawPeer();
    linked.peer.write(headerOf(4 * KiB + 1));
    await expectProtocolError(linked, 'ERR_NESTWIRE_FRAME_LENGTH');
    expect(linked.recorder.frames).toEqual([]);
  });

  it('takes a frame of 64 MiB after it is accepted', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.accept();
    peer.write(frameOf(Buffer.alloc(64 * MiB - 8, 7)));
    expect((await recorder.received(1))[0]).toHaveLength(64 * MiB - 8);
    expect(link.state).toBe('open');
  });

  it('ends at the header of a frame of one byte more after it is accepted', async () => {
    const linked = await linkToRawPeer();
    linked.link.accept();
    linked.peer.write(headerOf(64 * MiB + 1));
    await expectProtocolError(linked, 'ERR_NESTWIRE_FRAME_LENGTH');
  });

  it('takes a large frame in the same chunk as the one that is accepted', async () => {
    const recorder = new LinkRecorder();
    recorder.onFrame = (payload, link) => {
      if (payload.toString() === 'hello') link.accept();
    };
    const { peer } = await linkToRawPeer({}, recorder);
    peer.write(frameOf('hello'), frameOf(Buffer.alloc(5 * KiB)));
    expect((await recorder.received(2))[1]).toHaveLength(5 * KiB);
  });

  it('ends at a length that not even the header fits in', async () => {
    const linked = await linkToRawPeer();
    linked.peer.write(headerOf(7));
    await expectProtocolError(linked, 'ERR_NESTWIRE_FRAME_LENGTH');
  });

  it('ends at a wrong checksum, after the frames before it and without those behind it', async () => {
    const linked = await linkToRawPeer();
    const damaged = frameOf('damaged');
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1);
    linked.peer.write(frameOf('before'), damaged, frameOf('behind'));
    await expectProtocolError(linked, 'ERR_NESTWIRE_FRAME_CHECKSUM');
    expect(linked.recorder.texts).toEqual(['before']);
  });

  it('puts frames together that arrive byte by byte', async () => {
    const { peer, recorder } = await linkToRawPeer();
    peer.socket.setNoDelay(true);
    for (const byte of Buffer.concat([frameOf('one'), frameOf('two')])) {
      peer.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await recorder.received(2);
    expect(recorder.texts).toEqual(['one', 'two']);
  });

  it('ends with whatever the owner throws at a frame', async () => {
    const problem = new RangeError('nobody knows this code');
    const recorder = new LinkRecorder();
    recorder.onFrame = () => {
      throw problem;
    };
    const { peer } = await linkToRawPeer({}, recorder);
    peer.send('one', 'two');
    expect(await recorder.closing()).toBe(problem);
    expect(recorder.texts).toEqual(['one']);
    await peer.ended();
  });

  it('hands over nothing any more once the owner has destroyed it, not even from the same chunk', async () => {
    const recorder = new LinkRecorder();
    recorder.onFrame = (_payload, link) => link.destroy();
    const { peer } = await linkToRawPeer({}, recorder);
    peer.send('one', 'two');
    expect(await recorder.closing()).toBeUndefined();
    expect(recorder.texts).toEqual(['one']);
  });

  it('reads nothing while it is paused, and everything after it is resumed', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.pause();
    peer.send('one', 'two');
    await new Promise((resolve) => setTimeout(resolve, 50)); // that nothing happens cannot be awaited
    expect(recorder.frames).toEqual([]);
    link.resume();
    await recorder.received(2);
    expect(recorder.texts).toEqual(['one', 'two']);
  });
});
