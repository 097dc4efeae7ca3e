import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Link, resolveLinkOptions, SlowPeerError, type LinkOptions } from '#link';
import {
  LinkRecorder,
  linkToRawPeer,
  listenRaw,
  until,
  type LinkedPeer,
} from '../../../test/links/link-kit.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const FRAME = Buffer.alloc(64 * KiB - 8, 5);

/** An open link to a peer that has stopped reading. */
async function linkToStuckPeer(options: Partial<LinkOptions>): Promise<LinkedPeer> {
  const linked = await linkToRawPeer(options);
  linked.link.accept();
  linked.peer.socket.pause();
  return linked;
}

/** More frames than any socket buffer takes, at most: the tests end it with a condition. */
function sendWhile(link: Link, condition: () => boolean): number {
  let sent = 0;
  for (; sent < 4_096 && condition(); sent++) link.send((writer) => writer.bytes(FRAME));
  return sent;
}

describe('a backlog', () => {
  it('makes the link congested once, at the high-water mark, and drained when all of it is sent', async () => {
    const { link, recorder, peer } = await linkToStuckPeer({ highWaterMarkBytes: MiB, maxQueuedBytes: 0 });
    const sent = sendWhile(link, () => !link.isCongested);
    expect(link.queuedBytes).toBeGreaterThanOrEqual(MiB);
    expect(link.queuedBytes).toBeLessThan(MiB + 64 * KiB);
    sendWhile(link, () => link.queuedBytes < 2 * MiB);
    expect(recorder.news).toEqual(['connected', 'congested']);

    peer.socket.resume();
    await until(() => recorder.news.includes('drained'), 'the link is drained');
    expect(link.isCongested).toBe(false);
    expect(link.queuedBytes).toBe(0);
    await peer.receivedBytes(sent * 64 * KiB);

    peer.socket.pause();
    sendWhile(link, () => !link.isCongested);
    peer.socket.resume();
    await until(() => recorder.news.length === 5, 'the link is drained again');
    expect(recorder.news).toEqual(['connected', 'congested', 'drained', 'congested', 'drained']);
  });

  it('drains also when the high-water mark is lower than any socket has its own', async () => {
    const { link, recorder, peer } = await linkToStuckPeer({ highWaterMarkBytes: 1, maxQueuedBytes: 0 });
    // Small frames, one by one, so that the first that the system does not take is all that waits.
    for (let sent = 0; sent < 100_000 && link.queuedBytes === 0; sent++) {
      link.send((writer) => writer.bytes(FRAME.subarray(0, 512)));
      link.flush();
    }
    expect(link.queuedBytes).toBe(520);
    expect(link.isCongested).toBe(false);
    sendWhile(link, () => !link.isCongested);
    peer.socket.resume();
    await until(() => recorder.news.includes('drained'), 'the link is drained');
    expect(link.isCongested).toBe(false);
  });

  it('is no backlog when the peer reads', async () => {
    const { link, recorder, peer } = await linkToRawPeer({ highWaterMarkBytes: 4 * MiB });
    link.accept();
    for (let turn = 1; turn <= 50; turn++) {
      link.send((writer) => writer.bytes(FRAME));
      await peer.receivedBytes(turn * 64 * KiB);
    }
    expect(recorder.news).toEqual(['connected']);
  });

  it('above the limit destroys the link with the numbers and the remedy', async () => {
    const limit = 256 * KiB;
    const { link, recorder, peer } = await linkToStuckPeer({ maxQueuedBytes: limit });
    let queued = 0;
    sendWhile(link, () => {
      queued = Math.max(queued, link.queuedBytes);
      return link.queuedBytes <= limit;
    });
    const reason = await recorder.closing();
    expect(reason).toBeInstanceOf(SlowPeerError);
    if (!(reason instanceof SlowPeerError)) return;
    expect(reason.code).toBe('ERR_NESTWIRE_SLOW_PEER');
    expect(reason.peer).toBe('peer:1');
    expect(reason.limitBytes).toBe(limit);
    expect(reason.queuedBytes).toBe(queued);
    expect(reason.message).toBe(
      `peer:1 is not reading: ${queued} bytes are queued for it, and ${limit} is the limit. ` +
        'Look for what blocks that process, or raise "maxQueuedBytes".',
    );
    peer.socket.resume();
    await peer.ended();
  });

  it('has no limit when the option is 0', async () => {
    const { link } = await linkToStuckPeer({ maxQueuedBytes: 0 });
    sendWhile(link, () => link.queuedBytes < 80 * MiB);
    expect(link.queuedBytes).toBeGreaterThanOrEqual(80 * MiB);
    expect(link.state).toBe('open');
  });

  it('is limited while the link is still connecting, too', async () => {
    const { address } = await listenRaw();
    const recorder = new LinkRecorder();
    const options = resolveLinkOptions({ maxQueuedBytes: 256 * KiB, highWaterMarkBytes: 128 * KiB });
    const link = new Link(connect({ ...address }), 'peer:1', options, recorder);
    onTestFinished(() => link.destroy());
    for (let frames = 1; frames <= 5; frames++) link.send((writer) => writer.bytes(FRAME));
    expect(recorder.news).toEqual(['congested']);
    expect(await recorder.closing()).toMatchObject({
      code: 'ERR_NESTWIRE_SLOW_PEER',
      queuedBytes: 5 * 64 * KiB,
      limitBytes: 256 * KiB,
    });
  });

  it('that came together while connecting is drained once it is sent', async () => {
    const { address, peers } = await listenRaw();
    const recorder = new LinkRecorder();
    const link = new Link(
      connect({ ...address }),
      'peer:1',
      resolveLinkOptions({ highWaterMarkBytes: 64 * KiB }),
      recorder,
    );
    onTestFinished(() => link.destroy());
    link.send((writer) => writer.bytes(FRAME));
    expect(link.isCongested).toBe(true);
    await until(() => recorder.news.length === 3, 'the link is drained');
    expect(recorder.news).toEqual(['congested', 'connected', 'drained']);
    await until(() => peers[0]?.received.length === 64 * KiB, 'the frame has arrived');
  });
});
