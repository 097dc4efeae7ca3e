import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SilentPeerError } from '#link';
import { linkToRawPeer, until } from '../../../test/links/link-kit.js';
import { fromHex, goldenEntry } from '../../../test/golden/golden-data.js';

beforeEach(
  () => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] }),
);
afterEach(() => void vi.useRealTimers());

const PING = fromHex(goldenEntry('cmd.Ping.plain').frame_hex!);

describe('silence', () => {
  it('for as long as the option says ends the link', async () => {
    const { link, recorder } = await linkToRawPeer({ silenceTimeoutMs: 60_000 });
    link.accept();
    vi.advanceTimersByTime(59_999);
    expect(recorder.reasons).toEqual([]);
    vi.advanceTimersByTime(1);
    const reason = await recorder.closing();
    expect(reason).toBeInstanceOf(SilentPeerError);
    expect(reason).toMatchObject({
      code: 'ERR_NESTWIRE_SILENT_PEER',
      peer: 'peer:1',
      timeoutMs: 60_000,
      message:
        'peer:1 has sent nothing for 60000 ms, not even a ping: it hangs or the network between is cut.',
    });
  });

  it('is broken by whatever the peer sends', async () => {
    const { link, peer, recorder } = await linkToRawPeer({ silenceTimeoutMs: 60_000 });
    link.accept();
    for (let pings = 1; pings <= 4; pings++) {
      vi.advanceTimersByTime(59_999);
      peer.write(PING);
      await recorder.received(pings);
    }
    expect(link.state).toBe('open');
    vi.advanceTimersByTime(60_000);
    expect(await recorder.closing()).toBeInstanceOf(SilentPeerError);
  });

  it('may last for ever when the option is 0, and when nobody has accepted the link', async () => {
    const quiet = await linkToRawPeer();
    quiet.link.accept();
    const unaccepted = await linkToRawPeer({ silenceTimeoutMs: 1_000, handshakeTimeoutMs: 0 });
    vi.advanceTimersByTime(3_600_000);
    expect([quiet.link.state, unaccepted.link.state]).toEqual(['open', 'handshaking']);
  });

  it('is measured anew, against the new limit, when watchSilence is called', async () => {
    const { link, recorder } = await linkToRawPeer({ silenceTimeoutMs: 60_000 });
    link.accept();
    vi.advanceTimersByTime(50_000);
    link.watchSilence(20_000);
    vi.advanceTimersByTime(19_999);
    expect(recorder.reasons).toEqual([]);
    link.watchSilence(0);
    vi.advanceTimersByTime(1);
    expect(await recorder.closing()).toMatchObject({ timeoutMs: 20_000 });
  });

  it('is not held against a peer whose link we have paused ourselves', async () => {
    const { link, peer, recorder } = await linkToRawPeer({ silenceTimeoutMs: 60_000 });
    link.accept();
    link.pause();
    peer.write(PING);
    vi.advanceTimersByTime(3_600_000);
    link.resume();
    await recorder.received(1);
    expect(link.state).toBe('open');
    vi.advanceTimersByTime(60_000);
    expect(await recorder.closing()).toBeInstanceOf(SilentPeerError);
  });
});

describe('pings', () => {
  it('leave at the interval, from the moment the link is accepted, as the original sends them', async () => {
    const { link, peer } = await linkToRawPeer({ pingIntervalMs: 30_000, handshakeTimeoutMs: 0 });
    vi.advanceTimersByTime(60_000);
    link.accept();
    for (let pings = 1; pings <= 3; pings++) {
      vi.advanceTimersByTime(30_000);
      await until(() => peer.received.length >= pings * PING.length, 'the ping has arrived');
    }
    expect(peer.received).toEqual(Buffer.concat([PING, PING, PING]));
  });

  it('stop when the link drains', async () => {
    const { link, peer } = await linkToRawPeer({ pingIntervalMs: 30_000 });
    link.accept();
    link.drain();
    vi.advanceTimersByTime(300_000);
    await peer.ended();
    expect(peer.received).toHaveLength(0);
  });

  it('are not sent when the option is 0', async () => {
    const { link, peer } = await linkToRawPeer();
    link.accept();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(3_600_000);
    link.drain();
    await peer.ended();
    expect(peer.received).toHaveLength(0);
  });
});
