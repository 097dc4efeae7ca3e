import { connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Link, resolveLinkOptions } from '#link';
import { frameOf, LinkRecorder, linkToRawPeer, listenRaw, until } from '../../../test/links/link-kit.js';

const KiB = 1024;

const numbered = (count: number): string[] => Array.from({ length: count }, (_, number) => `frame ${number}`);

describe('what a link sends', () => {
  it('leaves in one write, all frames of a turn together', async () => {
    const { link, peer, socket } = await linkToRawPeer();
    const write = vi.spyOn(socket, 'write');
    const texts = numbered(100);
    for (const text of texts) expect(link.send((writer) => writer.payload(text))).toBe(true);
    expect(write).not.toHaveBeenCalled();
    expect(link.queuedBytes).toBe(Buffer.concat(texts.map(frameOf)).length);
    await until(() => peer.frames.length === 100, 'all frames have arrived');
    expect(write).toHaveBeenCalledTimes(1);
    expect(peer.chunks).toHaveLength(1);
    expect(peer.texts).toEqual(texts);
    expect(link.queuedBytes).toBe(0);
  });

  it('leaves in a write for each turn', async () => {
    const { link, peer, socket } = await linkToRawPeer();
    const write = vi.spyOn(socket, 'write');
    for (const turn of [1, 2, 3]) {
      link.send((writer) => writer.payload('a'));
      link.send((writer) => writer.payload('b'));
      await until(() => peer.frames.length === 2 * turn, `the frames of turn ${turn} have arrived`);
    }
    expect(write).toHaveBeenCalledTimes(3);
  });

  it('does not wait for the end of the turn beyond 64 KiB', async () => {
    const { link, socket, peer } = await linkToRawPeer();
    const payload = Buffer.alloc(16 * KiB - 8);
    for (let sent = 1; sent <= 3; sent++) link.send((writer) => writer.bytes(payload));
    expect(socket.bytesWritten).toBe(0);
    link.send((writer) => writer.bytes(payload));
    expect(socket.bytesWritten).toBe(64 * KiB);
    await peer.receivedBytes(64 * KiB);
    expect(peer.frames).toHaveLength(4);
  });

  it('leaves at once when it is flushed', async () => {
    const { link, socket, peer } = await linkToRawPeer();
    link.send((writer) => writer.payload('now'));
    link.flush();
    expect(socket.bytesWritten).toBe(frameOf('now').length);
    link.flush();
    expect(socket.bytesWritten).toBe(frameOf('now').length);
    await peer.receivedBytes(frameOf('now').length);
    expect(peer.received).toEqual(frameOf('now'));
  });

  it('is not disturbed by later frames while the system has not taken it yet', async () => {
    const { link, peer } = await linkToRawPeer();
    link.accept();
    peer.socket.pause();
    const payloads = Array.from({ length: 200 }, (_, number) => Buffer.alloc(64 * KiB, number));
    for (const payload of payloads) {
      link.send((writer) => writer.bytes(payload));
      link.flush();
    }
    expect(link.queuedBytes).toBeGreaterThan(64 * KiB);
    peer.socket.resume();
    await until(() => link.queuedBytes === 0, 'all is sent');
    await peer.receivedBytes(200 * (64 * KiB + 8));
    expect(Buffer.compare(peer.received, Buffer.concat(payloads.map(frameOf)))).toBe(0);
  });

  it('contains nothing of a frame whose writer threw, and all of those around it', async () => {
    const { link, peer } = await linkToRawPeer();
    const problem = new RangeError('the name is too long');
    link.send((writer) => writer.payload('before'));
    expect(() =>
      link.send((writer) => {
        writer.payload('half of a fra');
        throw problem;
      }),
    ).toThrow(problem);
    link.send((writer) => writer.payload('after'));
    await until(() => peer.frames.length === 2, 'both frames have arrived');
    expect(peer.received).toEqual(Buffer.concat([frameOf('before'), frameOf('after')]));
  });

  it('contains nothing of a frame that was begun and aborted', async () => {
    const { link, peer } = await linkToRawPeer();
    link.beginFrame().payload('never mind');
    link.abortFrame();
    link.beginFrame().payload('this');
    expect(link.endFrame()).toBe(true);
    await peer.receivedBytes(frameOf('this').length);
    expect(peer.received).toEqual(frameOf('this'));
  });

  it('arrives when it was sent while the link was still connecting, in order with what is sent later', async () => {
    const { address, peers } = await listenRaw();
    const recorder = new LinkRecorder();
    recorder.onConnected = (link) => link.send((writer) => writer.payload('connected'));
    const link = new Link(connect({ ...address }), 'peer:1', resolveLinkOptions(), recorder);
    onTestFinished(() => link.destroy());
    expect(link.send((writer) => writer.payload('early'))).toBe(true);
    link.flush();
    await recorder.link();
    link.send((writer) => writer.payload('late'));
    await until(() => peers[0]?.frames.length === 3, 'the frames have arrived');
    expect(peers[0]?.texts).toEqual(['early', 'connected', 'late']);
  });

  it('goes on after a frame of many megabytes', async () => {
    const { link, peer } = await linkToRawPeer();
    link.accept();
    const large = Buffer.alloc(8 * 1024 * KiB, 1);
    link.send((writer) => writer.bytes(large));
    link.send((writer) => writer.payload('small'));
    await peer.receivedBytes(large.length + 8 + frameOf('small').length);
    expect(peer.frames.map((frame) => frame.length)).toEqual([large.length, 5]);
  });

  it('is not disturbed when its memory is given back and used again, whether the peer reads or not', async () => {
    const { link, peer } = await linkToRawPeer();
    link.accept();
    const chunks = link.retainSent();
    const payloads: Buffer[] = [];
    const used = new Set<Buffer>();
    let chunk: Buffer | undefined;
    const send = (number: number): void => {
      const payload = Buffer.alloc(40 * KiB, number);
      payloads.push(payload);
      const writer = link.beginFrame();
      writer.bytes(payload);
      if (chunk !== undefined && chunk !== writer.chunk) chunks.reuse(chunk);
      chunk = writer.chunk;
      used.add(chunk);
      link.endFrame();
      link.flush();
    };
    for (let number = 0; number < 51; number++) {
      send(number);
      await until(() => link.queuedBytes === 0, 'it is sent');
    }
    expect(used.size).toBeLessThan(5);
    const before = used.size;
    for (let times = 1; times <= 2; times++) chunks.trim();
    for (let number = 51; number < 60; number++) {
      send(number);
      await until(() => link.queuedBytes === 0, 'it is sent');
    }
    // What was not needed between the two was given up, and anew is taken what is needed.
    expect(used.size).toBeGreaterThan(before);
    expect(used.size).toBeLessThan(before + 3);
    peer.socket.pause();
    for (let number = 60; number < 260; number++) send(number);
    expect(link.queuedBytes).toBeGreaterThan(64 * KiB);
    peer.socket.resume();
    await peer.receivedBytes(payloads.length * (40 * KiB + 8));
    expect(Buffer.compare(peer.received, Buffer.concat(payloads.map(frameOf)))).toBe(0);
  });
});
