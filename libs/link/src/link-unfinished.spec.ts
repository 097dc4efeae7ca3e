import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UnfinishedFrameError } from '#link';
import { frameOf, linkToRawPeer, listenForLinks, RawPeer, until } from '../../../test/links/link-kit.js';

const KiB = 1024;
const FRAME = frameOf(Buffer.alloc(200 * KiB));
const TIMEOUT_MS = 10_000;

function withFakeTimeouts(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
}

describe('a frame that is not finished', () => {
  afterEach(() => void vi.useRealTimers());

  it('ends the link when nothing more of it comes for frameTimeoutMs', async () => {
    withFakeTimeouts();
    const { link, peer, recorder, socket } = await linkToRawPeer({ frameTimeoutMs: TIMEOUT_MS });
    link.accept();
    peer.write(FRAME);
    await recorder.received(1);
    vi.advanceTimersByTime(TIMEOUT_MS);
    await nextTurn();
    peer.write(FRAME.subarray(0, 1_000));
    await until(() => socket.bytesRead === FRAME.length + 1_000, 'the beginning of another has come');
    vi.advanceTimersByTime(TIMEOUT_MS - 1);
    await nextTurn();
    expect(link.state).toBe('open');
    vi.advanceTimersByTime(1);
    const reason = await recorder.closing();
    expect(reason).toBeInstanceOf(UnfinishedFrameError);
    expect(reason).toMatchObject({
      code: 'ERR_NESTWIRE_UNFINISHED_FRAME',
      peer: 'peer:1',
      carriedBytes: 1_000,
      timeoutMs: TIMEOUT_MS,
    });
    expect(recorder.frames).toHaveLength(1);
  });

  it('ends it also when it comes in drops', async () => {
    withFakeTimeouts();
    const { link, peer, recorder, socket } = await linkToRawPeer({ frameTimeoutMs: TIMEOUT_MS });
    link.accept();
    for (let drops = 1; drops <= 2; drops++) {
      peer.write(FRAME.subarray((drops - 1) * 100, drops * 100));
      await until(() => socket.bytesRead === drops * 100, 'a drop has come');
      vi.advanceTimersByTime(TIMEOUT_MS / 2);
      await nextTurn();
    }
    expect(await recorder.closing()).toMatchObject({ code: 'ERR_NESTWIRE_UNFINISHED_FRAME' });
  });

  it('may take many timeouts when it comes slowly', async () => {
    withFakeTimeouts();
    const { link, peer, recorder, socket } = await linkToRawPeer({ frameTimeoutMs: TIMEOUT_MS });
    link.accept();
    for (let from = 0; from < FRAME.length; from += 40 * KiB) {
      peer.write(FRAME.subarray(from, from + 40 * KiB));
      await until(() => socket.bytesRead >= Math.min(FRAME.length, from + 40 * KiB), 'a part has come');
      // The time is measured from the first part on.
      if (from > 0) vi.advanceTimersByTime(TIMEOUT_MS);
      await nextTurn();
    }
    expect((await recorder.received(1))[0]).toHaveLength(200 * KiB);
    vi.advanceTimersByTime(10 * TIMEOUT_MS);
    await nextTurn();
    expect(link.state).toBe('open');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may wait for ever with a timeout of 0, and while we do not read ourselves', async () => {
    withFakeTimeouts();
    const patient = await linkToRawPeer({ frameTimeoutMs: 0 });
    const paused = await linkToRawPeer({ frameTimeoutMs: TIMEOUT_MS });
    for (const { link, peer, socket } of [patient, paused]) {
      link.accept();
      peer.write(FRAME.subarray(0, 100));
      await until(() => socket.bytesRead === 100, 'it has come');
    }
    paused.link.pause();
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(TIMEOUT_MS);
      await nextTurn();
    }
    expect([patient.link.state, paused.link.state]).toEqual(['open', 'open']);
  });
});

describe('the unfinished frames of all links of a server', () => {
  const options = {
    maxFrameBytes: FRAME.length,
    maxHandshakeFrameBytes: FRAME.length,
    handshakeTimeoutMs: 0,
    maxCarriedBytes: 300 * KiB,
  };
  const most = FRAME.subarray(0, 190 * KiB);

  it('hold at most maxCarriedBytes: the link that passes it goes, and room is there again', async () => {
    const { server, address, recorder } = await listenForLinks({ ...options, frameTimeoutMs: 0 });
    const first = await RawPeer.dial(address);
    first.write(most);
    const peers = [first];
    for (let refused = 0; refused < 4; refused++) {
      const peer = await RawPeer.dial(address);
      peer.write(most);
      expect(await recorder.closing(refused)).toMatchObject({
        code: 'ERR_NESTWIRE_TOO_MUCH_CARRIED',
        limitBytes: 300 * KiB,
      });
      peers.push(peer);
    }
    expect(server.links.size).toBe(1);
    first.write(FRAME.subarray(most.length));
    await recorder.received(1);
    for (let i = 0; i < 4; i++) {
      const peer = await RawPeer.dial(address);
      peer.write(most);
      peer.socket.destroy();
      await recorder.closing(4 + i);
    }
    peers[0]!.send('as ever');
    await until(() => recorder.texts.includes('as ever'), 'the first goes on');
  });

  it('are closed after the timeout, all of them, when strangers stall', async () => {
    const { server, address, recorder } = await listenForLinks({ ...options, frameTimeoutMs: 200 });
    for (let i = 0; i < 10; i++) (await RawPeer.dial(address)).write(most);
    await recorder.closing(9);
    expect(server.links.size).toBe(0);
    const codes = recorder.reasons.map((reason) => (reason as { code?: string } | undefined)?.code);
    expect(new Set(codes)).toEqual(
      new Set(['ERR_NESTWIRE_TOO_MUCH_CARRIED', 'ERR_NESTWIRE_UNFINISHED_FRAME']),
    );
  });
});
