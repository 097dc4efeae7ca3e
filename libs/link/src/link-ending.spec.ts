import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LinkClosedError, resolveLinkOptions, Dialer } from '#link';
import {
  frameOf,
  LinkRecorder,
  linkToRawPeer,
  listenForLinks,
  listenRaw,
  RawPeer,
  until,
} from '../../../test/links/link-kit.js';

const KiB = 1024;

function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
}
afterEach(() => void vi.useRealTimers());

describe('drain', () => {
  it('sends what is queued, then says goodbye, and takes nothing new', async () => {
    const { link, peer } = await linkToRawPeer();
    link.accept();
    link.send((writer) => writer.payload('queued'));
    link.drain();
    expect(link.state).toBe('draining');
    expect(link.send((writer) => writer.payload('too late'))).toBe(false);
    link.beginFrame().payload('too late as well');
    expect(link.endFrame()).toBe(false);
    await peer.ended();
    expect(peer.received).toEqual(frameOf('queued'));
    expect(peer.isClosed).toBe(false);
  });

  it('goes on delivering what the peer sends, until the peer closes its side', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.accept();
    link.drain();
    await peer.ended();
    peer.send('an answer');
    await recorder.received(1);
    peer.send('another');
    await recorder.received(2);
    expect(recorder.reasons).toEqual([]);
    peer.socket.end();
    expect(await recorder.closing()).toBeUndefined();
    expect(recorder.texts).toEqual(['an answer', 'another']);
  });

  it('may be called again, and be followed by close', async () => {
    const { link, recorder, peer } = await linkToRawPeer();
    link.accept();
    link.drain();
    link.drain();
    link.close();
    await peer.ended();
    peer.socket.end();
    expect(await recorder.closing()).toBeUndefined();
    expect(recorder.news).toEqual(['connected', 'closed']);
  });

  it('of a link that is still connecting ends it', async () => {
    const { address } = await listenRaw();
    const recorder = new LinkRecorder();
    const dialer = new Dialer(address, resolveLinkOptions(), recorder);
    dialer.start();
    dialer.stop();
    expect(await recorder.closing()).toBeUndefined();
    expect(recorder.news).toEqual(['closed']);
  });
});

describe('close', () => {
  it('sends what is queued, then says goodbye, and delivers nothing any more', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.accept();
    link.send((writer) => writer.payload('queued'));
    link.close();
    await peer.ended();
    expect(peer.received).toEqual(frameOf('queued'));
    peer.send('nobody listens');
    peer.socket.end();
    expect(await recorder.closing()).toBeUndefined();
    expect(recorder.frames).toEqual([]);
  });

  it('is over in 1 s when the peer does not close its side', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.accept();
    useFakeTimers();
    link.close();
    await peer.ended();
    vi.advanceTimersByTime(999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(link.state).toBe('draining');
    vi.advanceTimersByTime(1);
    expect(await recorder.closing()).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('reads on when the link was paused, or the goodbye of the peer would never be seen', async () => {
    const { link, peer, recorder } = await linkToRawPeer({ closeTimeoutMs: 3_600_000 });
    link.accept();
    link.pause();
    peer.send('unread');
    link.close();
    await peer.ended();
    peer.socket.end();
    expect(await recorder.closing()).toBeUndefined();
    expect(recorder.frames).toEqual([]);
  });

  it('may be called again, and on a closed link starts nothing', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    useFakeTimers();
    link.close();
    link.close();
    await peer.ended();
    peer.socket.end();
    await recorder.closing();
    link.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(recorder.news).toEqual(['connected', 'closed']);
  });

  it('of a link that was destroyed starts nothing', async () => {
    const { link, recorder } = await linkToRawPeer();
    useFakeTimers();
    link.destroy();
    await recorder.closing();
    link.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('destroy', () => {
  it('is now: what is queued is lost, and the reason is told', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.accept();
    const reason = new Error('enough');
    link.send((writer) => writer.payload('lost'));
    link.destroy(reason);
    link.destroy(new Error('later'));
    expect(await recorder.closing()).toBe(reason);
    await peer.ended();
    expect(peer.received).toHaveLength(0);
    expect(link.send((writer) => writer.payload('never'))).toBe(false);
  });

  it('leaves no timer behind', async () => {
    useFakeTimers();
    const { link, recorder } = await linkToRawPeer({ pingIntervalMs: 1_000, silenceTimeoutMs: 1_000 });
    link.accept();
    expect(vi.getTimerCount()).toBe(2);
    link.destroy();
    await recorder.closing();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a peer that ends', () => {
  it('is told as a reason, once its link is gone', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.accept();
    peer.socket.end();
    const reason = await recorder.closing();
    expect(reason).toBeInstanceOf(LinkClosedError);
    expect(reason).toMatchObject({
      code: 'ERR_NESTWIRE_LINK_CLOSED',
      peer: 'peer:1',
      message: 'peer:1 closed the link',
      cause: undefined,
    });
    expect(recorder.news).toEqual(['connected', 'ended', 'closed']);
  });

  it('takes no new frames, and is told so at once', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.accept();
    peer.socket.end();
    await until(() => recorder.news.includes('ended'), 'the end is told');
    expect(link.state).toBe('draining');
    expect(link.send((writer) => writer.payload('too late'))).toBe(false);
  });

  it('still gets what was written in the turn in which it ended, from the side that listens', async () => {
    const recorder = new LinkRecorder();
    recorder.onFrame = (payload, link) => link.send((writer) => writer.payload(`re: ${payload.toString()}`));
    const { address } = await listenForLinks({}, recorder);
    const peer = await RawPeer.dial(address);
    peer.socket.end(frameOf('question'));
    await peer.closed();
    expect(peer.texts).toEqual(['re: question']);
  });

  it('still gets what was written in the turn in which it ended, from the side that dials', async () => {
    const { address, peers } = await listenRaw();
    const recorder = new LinkRecorder();
    const dialer = new Dialer(address, resolveLinkOptions(), recorder);
    onTestFinished(() => dialer.stop());
    dialer.start();
    const link = await recorder.link();
    await until(() => peers.length === 1, 'the connection is accepted');
    peers[0]!.socket.end();
    // What is written here waits for the end of the next turn, and so one frame waits when the end is seen.
    let sent = 0;
    while (link.send((writer) => writer.payload(`frame ${sent}`))) {
      sent++;
      await nextTurn();
    }
    await peers[0]!.closed();
    expect(peers[0]!.texts).toEqual(Array.from({ length: sent }, (_, number) => `frame ${number}`));
  });

  it('gets all of a large backlog as long as it reads', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.accept();
    peer.socket.pause();
    const frame = Buffer.alloc(64 * KiB - 8);
    for (let sent = 0; sent < 256; sent++) link.send((writer) => writer.bytes(frame));
    expect(link.queuedBytes).toBeGreaterThan(0);
    peer.socket.end();
    await until(() => recorder.news.includes('ended'), 'the end is told');
    peer.socket.resume();
    await peer.closed();
    expect(peer.received).toHaveLength(256 * 64 * KiB);
  });

  it('and takes nothing of what is queued for it is given up after closeTimeoutMs', async () => {
    const { link, peer, recorder } = await linkToRawPeer({ closeTimeoutMs: 50 });
    link.accept();
    peer.socket.pause();
    const frame = Buffer.alloc(64 * KiB - 8);
    for (let sent = 0; sent < 256; sent++) link.send((writer) => writer.bytes(frame));
    peer.socket.end();
    expect(await recorder.closing()).toMatchObject({ code: 'ERR_NESTWIRE_LINK_CLOSED' });
    expect(peer.received.length).toBeLessThan(256 * 64 * KiB);
  });

  it('with a reset is told with what the system said', async () => {
    const { link, peer, recorder } = await linkToRawPeer();
    link.accept();
    peer.socket.resetAndDestroy();
    const reason = await recorder.closing();
    expect(reason).toBeInstanceOf(LinkClosedError);
    expect(reason).toMatchObject({
      message: 'The link to peer:1 failed: read ECONNRESET',
      cause: { code: 'ECONNRESET' },
    });
  });
});
