import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ClientHandlers, OnGatewayLost, OnMessage, OnWorkerStart, OnWorkerStop } from './index.js';
import { LoopbackGateway } from './test/loopback-gateway.js';
import { closeWorkers, createWorker, startWorker, type TestWorker } from './test/start-worker.js';

const HANGS = Number.POSITIVE_INFINITY;
const AN_HOUR_MS = 3_600_000;

/** How long each of them takes, by the clock of the test. */
let steps = { start: 0, event: 0, lost: 0, firstHook: 0, secondHook: 0, flush: 0 };
let began: string[] = [];
let begin = 0;
let endHanging = (): void => undefined;
let hanging = Promise.resolve();

function takes(step: keyof typeof steps): Promise<void> {
  began.push(`${step} at ${performance.now() - begin}`);
  const ms = steps[step];
  if (ms === 0) return Promise.resolve();
  return ms === HANGS ? hanging : new Promise((resolve) => setTimeout(resolve, ms));
}

class SlowGateway extends LoopbackGateway {
  override flush(): Promise<void> {
    return takes('flush');
  }
}

@ClientHandlers()
class SlowHandlers {
  @OnWorkerStart()
  start(): Promise<void> {
    return takes('start');
  }
  @OnMessage('say')
  say(): Promise<void> {
    return takes('event');
  }
  @OnGatewayLost()
  lost(): Promise<void> {
    return takes('lost');
  }
  @OnWorkerStop()
  first(): Promise<void> {
    return takes('firstHook');
  }
  @OnWorkerStop()
  second(): Promise<void> {
    return takes('secondHook');
  }
}

const setupOf = (drainTimeoutMs: number) => ({
  providers: [SlowHandlers],
  gateway: new SlowGateway(),
  options: { handlerTimeoutMs: 0, drainTimeoutMs },
});

/** One that has an event with a handler, and a gateway that was lost. */
async function busyWorker(drainTimeoutMs: number): Promise<TestWorker> {
  const worker = await startWorker(setupOf(drainTimeoutMs));
  worker.gateway.say(1, 'say');
  worker.gateway.lose();
  return worker;
}

/** How long closing takes, by the clock of the test; undefined when it does not end in an hour. */
async function timeToClose({ app }: TestWorker): Promise<number | undefined> {
  began = [];
  begin = performance.now();
  let tookMs: number | undefined;
  void app.close().then(() => (tookMs = performance.now() - begin));
  await vi.advanceTimersByTimeAsync(AN_HOUR_MS);
  return tookMs;
}

function warningsOf({ log }: TestWorker): (string | undefined)[] {
  return log.having(' and is not waited for').map((line) => line.split(' and ')[0]);
}

beforeEach(() => {
  began = [];
  steps = { start: 0, event: 0, lost: 0, firstHook: 0, secondHook: 0, flush: 0 };
  hanging = new Promise((resolve) => (endHanging = resolve));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  endHanging();
  await closeWorkers();
});

describe('the deadline of closing', () => {
  it('is one for all that hangs: handlers, hooks and the last commands, each of which still has a tenth of it', async () => {
    steps = { start: 0, event: HANGS, lost: HANGS, firstHook: HANGS, secondHook: HANGS, flush: HANGS };
    const worker = await busyWorker(10_000);
    expect(await timeToClose(worker)).toBe(14_000);
    expect(began).toEqual(['firstHook at 11000', 'secondHook at 12000', 'flush at 13000']);
    expect(worker.strategy.state).toBe('closed');
    expect(warningsOf(worker)).toEqual([
      'warn Handling the last events took longer than 10000 ms',
      'warn @OnGatewayLost took longer than 1000 ms',
      'warn SlowHandlers.first took longer than 1000 ms',
      'warn SlowHandlers.second took longer than 1000 ms',
      'warn Sending the last commands took longer than 1000 ms',
    ]);
  });

  it('leaves what others did not need to a step that needs it', async () => {
    steps = { start: 0, event: 2_000, lost: 0, firstHook: 6_000, secondHook: HANGS, flush: 900 };
    const worker = await busyWorker(10_000);
    expect(await timeToClose(worker)).toBe(10_900);
    expect(began).toEqual(['firstHook at 2000', 'secondHook at 8000', 'flush at 10000']);
    expect(warningsOf(worker)).toEqual(['warn SlowHandlers.second took longer than 2000 ms']);
  });

  it('begins with the closing of a worker that still starts, and counts what starting needs', async () => {
    steps = { start: HANGS, event: 0, lost: 0, firstHook: HANGS, secondHook: 0, flush: HANGS };
    const worker = await createWorker(setupOf(10_000));
    void worker.app.listen();
    while (began.length === 0) await new Promise(setImmediate);
    expect(await timeToClose(worker)).toBe(12_000);
  });

  it('is some time also where a tenth of it is less than a millisecond', async () => {
    steps = { start: 0, event: HANGS, lost: HANGS, firstHook: HANGS, secondHook: HANGS, flush: HANGS };
    expect(await timeToClose(await busyWorker(3))).toBe(3 + 4);
  });

  it('is none with 0, which waits for ever', async () => {
    steps = { start: 0, event: 20_000, lost: 0, firstHook: 20_000, secondHook: 0, flush: HANGS };
    const worker = await busyWorker(0);
    expect(await timeToClose(worker)).toBeUndefined();
    expect(began).toEqual(['firstHook at 20000', 'secondHook at 40000', 'flush at 40000']);
    expect(worker.strategy.state).toBe('draining');
    endHanging();
  });
});
