import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { HandshakeTimeoutError, Link, resolveLinkOptions } from '#link';
import {
  LinkRecorder,
  linkToRawPeer,
  listenForLinks,
  listenRaw,
  RawPeer,
} from '../../../test/links/link-kit.js';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => void vi.useRealTimers());

describe('the handshake', () => {
  it('ends a link that nobody accepted in 3 s, and says so', async () => {
    const { address, recorder } = await listenForLinks();
    const peer = await RawPeer.dial(address);
    const link = await recorder.link();
    vi.advanceTimersByTime(2_999);
    expect(link.state).toBe('handshaking');
    vi.advanceTimersByTime(1);
    const reason = await recorder.closing();
    expect(reason).toBeInstanceOf(HandshakeTimeoutError);
    expect(reason).toMatchObject({
      code: 'ERR_NESTWIRE_HANDSHAKE_TIMEOUT',
      peer: link.peer,
      timeoutMs: 3_000,
      message: `${link.peer} did not finish its handshake in 3000 ms. Is it a Nestwire node of the right kind?`,
    });
    await peer.ended();
  });

  it('counts the time of connecting in', async () => {
    const { address } = await listenRaw();
    const recorder = new LinkRecorder();
    const link = new Link(
      connect({ ...address }),
      'peer:1',
      resolveLinkOptions({ handshakeTimeoutMs: 500 }),
      recorder,
    );
    onTestFinished(() => link.destroy());
    expect(link.state).toBe('connecting');
    vi.advanceTimersByTime(500);
    expect(await recorder.closing()).toBeInstanceOf(HandshakeTimeoutError);
    expect(recorder.news).toEqual(['closed']);
  });

  it('is not prolonged by a peer that talks on and on', async () => {
    const { address, recorder } = await listenForLinks();
    const peer = await RawPeer.dial(address);
    for (let seconds = 1; seconds <= 3; seconds++) {
      peer.send('still here');
      await recorder.received(seconds);
      vi.advanceTimersByTime(1_000);
    }
    expect(await recorder.closing()).toBeInstanceOf(HandshakeTimeoutError);
  });

  it('is over when the link is accepted: no deadline is left', async () => {
    const { link } = await linkToRawPeer();
    link.accept();
    vi.advanceTimersByTime(3_600_000);
    expect(link.state).toBe('open');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has no deadline when the option is 0', async () => {
    const { link } = await linkToRawPeer({ handshakeTimeoutMs: 0 });
    vi.advanceTimersByTime(3_600_000);
    expect(link.state).toBe('handshaking');
  });

  it('ends the link with what the owner throws when it is told of the connection', async () => {
    const problem = new Error('no secret to announce');
    const recorder = new LinkRecorder();
    recorder.onConnected = () => {
      throw problem;
    };
    const { address } = await listenForLinks({}, recorder);
    const peer = await RawPeer.dial(address);
    expect(await recorder.closing()).toBe(problem);
    await peer.ended();
  });
});
