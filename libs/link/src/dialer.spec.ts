import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Dialer, LinkServer, resolveLinkOptions, type BackoffOptions, type Link } from '#link';
import type { NodeAddress } from '#protocol';
import { LinkRecorder, listenForLinks, listenRaw, until } from '../../../test/links/link-kit.js';

afterEach(() => void vi.useRealTimers());

/** Records what a dialer tells beyond its links' news. */
class DialerRecorder extends LinkRecorder {
  readonly retries: { readonly delayMs: number; readonly reason: Error | undefined }[] = [];

  retrying(delayMs: number, reason: Error | undefined): void {
    this.retries.push({ delayMs, reason });
  }
}

function dial(address: NodeAddress, backoff: Partial<BackoffOptions> = { minDelayMs: 2, maxDelayMs: 20 }) {
  const recorder = new DialerRecorder();
  const dialer = new Dialer(address, resolveLinkOptions(), recorder, backoff);
  onTestFinished(() => dialer.stop());
  dialer.start();
  return { dialer, recorder };
}

/** A port where nobody listens. */
async function deadAddress(): Promise<NodeAddress> {
  const { server, address } = await listenForLinks();
  await server.close();
  return address;
}

describe('a dialer', () => {
  it('makes a new link when its server comes back, and none of the old link', async () => {
    const first = await listenForLinks();
    const { dialer, recorder } = dial(first.address);
    const lost = await recorder.link();
    await first.recorder.link();
    lost.accept();
    await first.server.close();
    await recorder.closing();
    expect(dialer.link).not.toBe(lost);
    await until(() => recorder.retries.length > 3, 'it has tried in vain');
    expect(recorder.retries[1]!.reason).toMatchObject({
      code: 'ERR_NESTWIRE_LINK_CLOSED',
      cause: { code: 'ECONNREFUSED' },
    });

    const second = new LinkServer(resolveLinkOptions(), new LinkRecorder());
    onTestFinished(() => second.close());
    await second.listen(first.address, 'listen');
    const next = await recorder.link(1);
    expect(next).not.toBe(lost);
    expect(dialer.link).toBe(next);
    expect([lost.state, next.state]).toEqual(['closed', 'handshaking']);
  });

  it('tells each loss with the wait that follows, longer each time up to the limit', async () => {
    const { recorder } = dial(await deadAddress(), { minDelayMs: 1, maxDelayMs: 8 });
    await until(() => recorder.retries.length >= 6, 'it has tried six times');
    const longest = [1, 2, 4, 8, 8, 8];
    for (const [attempt, { delayMs }] of recorder.retries.slice(0, 6).entries()) {
      expect(delayMs).toBeGreaterThanOrEqual(Math.floor(longest[attempt]! / 2));
      expect(delayMs).toBeLessThanOrEqual(longest[attempt]!);
    }
  });

  it('waits from the start again after a link that lasted 5 s, and not after a shorter one', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const { address, recorder: server } = await listenForLinks({ handshakeTimeoutMs: 0 });
    const { recorder } = dial(address, { minDelayMs: 1_000, maxDelayMs: 8_000 });
    const lasting = [0, 4_999, 5_000];
    for (const [number, milliseconds] of lasting.entries()) {
      (await recorder.link(number)).accept();
      const accepted = await server.link(number);
      vi.advanceTimersByTime(milliseconds);
      accepted.destroy();
      await until(() => recorder.retries.length === number + 1, 'the loss is told');
      vi.advanceTimersByTime(recorder.retries[number]!.delayMs);
    }
    const [first, second, third] = recorder.retries.map((retry) => retry.delayMs);
    expect(first).toBeLessThanOrEqual(1_000);
    expect(second).toBeGreaterThanOrEqual(1_000);
    expect(third).toBeLessThanOrEqual(1_000);
  });

  it('stops: its link is closed after what is queued, and it dials no more', async () => {
    const { address, recorder: server } = await listenForLinks();
    const { dialer, recorder } = dial(address);
    const link = await recorder.link();
    link.accept();
    link.send((writer) => writer.payload('goodbye'));
    dialer.stop();
    expect(dialer.isRunning).toBe(false);
    expect(await recorder.closing()).toBeUndefined();
    expect(server.texts).toEqual(['goodbye']);
    expect(recorder.retries).toEqual([]);
    expect(dialer.link).toBeUndefined();
    expect(server.links).toHaveLength(1);
  });

  it('stops while it waits for the next attempt', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { dialer, recorder } = dial(await deadAddress());
    await until(() => recorder.retries.length === 1, 'it waits');
    expect(dialer.link).toBeUndefined();
    dialer.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('may be stopped by its owner at the very moment the link is lost', async () => {
    const { address, peers } = await listenRaw();
    const recorder = new DialerRecorder();
    const dialer = new Dialer(address, resolveLinkOptions(), {
      frame: () => undefined,
      connected: (link) => recorder.connected(link),
      closed: (link: Link, reason) => {
        dialer.stop();
        recorder.closed(link, reason);
      },
      retrying: (delayMs, reason) => recorder.retrying(delayMs, reason),
    });
    dialer.start();
    await until(() => peers.length === 1, 'it is connected');
    peers[0]!.socket.destroy();
    await recorder.closing();
    expect(recorder.retries).toEqual([]);
  });

  it('started twice has one link', async () => {
    const { address, recorder: server } = await listenForLinks();
    const { dialer, recorder } = dial(address);
    dialer.start();
    await recorder.link();
    await server.link();
    dialer.stop();
    await recorder.closing();
    expect(server.links).toHaveLength(1);
    expect(recorder.links).toHaveLength(1);
  });

  it('started again before its former link is gone keeps the new one, and no third', async () => {
    const { address, recorder: server } = await listenForLinks();
    const { dialer, recorder } = dial(address);
    await recorder.link();
    dialer.stop();
    dialer.start();
    const second = await recorder.link(1);
    await recorder.closing();
    expect(dialer.link).toBe(second);
    expect(recorder.retries).toEqual([]);
    await server.link(1);
    dialer.stop();
    await recorder.closing(1);
    expect(server.links).toHaveLength(2);
  });
});
