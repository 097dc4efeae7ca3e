import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { ClientHandlers, OnMessage } from '#worker';
import { FakeClock } from './fake-clock.js';
import { createTestWorker } from './test-client/create-test-worker.js';

let clock: FakeClock | undefined;

afterEach(() => clock?.uninstall());

@ClientHandlers()
class SlowHandlers {
  @OnMessage('slow')
  async slow(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 9_000));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return 'at last';
  }

  @OnMessage('never')
  never(): Promise<void> {
    return new Promise(() => undefined);
  }
}

describe('a fake clock', () => {
  it('moves timeouts, intervals, Date and performance.now together', async () => {
    clock = FakeClock.install(1_000);
    const began = performance.now();
    const fired: string[] = [];
    setTimeout(() => fired.push(`timeout at ${Date.now()}`), 250);
    const interval = setInterval(() => fired.push(`interval at ${Date.now()}`), 100);
    await clock.advance(249);
    expect(fired).toEqual(['interval at 1100', 'interval at 1200']);
    await clock.advance(1);
    expect(fired.at(-1)).toBe('timeout at 1250');
    expect(performance.now() - began).toBe(250);
    clearInterval(interval);
  });

  it('takes a test worker through what its handlers wait for, and past their deadline, in no time', async () => {
    const worker = await createTestWorker(
      { providers: [SlowHandlers] },
      { worker: { handlerTimeoutMs: 20_000 } },
    );
    onTestFinished(() => worker.close());
    const client = await worker.connect();
    clock = FakeClock.install();
    const answer = client.ask('slow');
    await clock.advance(10_000);
    expect(await answer).toBe('at last');
    const failure = expect(client.ask('never')).rejects.toMatchObject({ replyCode: 'TIMEOUT' });
    await clock.advance(20_001);
    await failure;
    clock.uninstall();
    expect(Date.now()).toBeGreaterThan(1_700_000_000_000);
  });

  it('is one at a time, and gives the time back', () => {
    clock = FakeClock.install();
    expect(() => FakeClock.install()).toThrow();
    clock.uninstall();
    clock.uninstall();
    const before = performance.now();
    expect(performance.now()).toBeGreaterThanOrEqual(before);
    FakeClock.install().uninstall();
  });
});
