import { ForbiddenException } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';

import { Client, ClientContext, ClientHandlers, OnConnect, OnMessage, Payload } from './index.js';
import { Stage } from './test/stage.js';
import { closeWorkers, startWorker, type TestWorker } from './test/start-worker.js';
import type { WorkerOptions } from './worker-options.js';

afterEach(closeWorkers);

async function start(options: Partial<WorkerOptions> = {}): Promise<TestWorker & { stage: Stage }> {
  const stage = new Stage();
  @ClientHandlers()
  class Handlers {
    @OnConnect()
    async connected(@Client() client: ClientContext): Promise<void> {
      await stage.play(`open${Number.parseInt(client.id.slice(12), 16)}`);
      throw new ForbiddenException();
    }
    @OnMessage('slow')
    async slow(@Payload() name: string): Promise<string> {
      await stage.play(name);
      return name;
    }
    @OnMessage('fast')
    fast(@Payload() name: string): string {
      stage.lines.push(name);
      return name;
    }
  }
  return { ...(await startWorker({ providers: [Handlers], options })), stage };
}

/** Whether the promise has resolved by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol('pending');
  await new Promise(setImmediate);
  return (await Promise.race([promise, Promise.resolve(pending)])) !== pending;
}

describe('when the link of events that are not done with ends', () => {
  it('those that wait are dropped, with their memory, and those that run are waited for', async () => {
    const { gateway, strategy, stage } = await start();
    gateway.say(1, 'slow', 'a', 1);
    gateway.say(1, 'fast', 'b', 2);
    gateway.say(1, 'slow', 'c', 3);
    gateway.say(2, 'slow', 'd', 4);
    const interrupted = gateway.interrupt();
    expect(strategy.stats).toMatchObject({ waitingEvents: 2, dropped: 2 });
    await stage.end('a');
    expect(await isDone(interrupted)).toBe(false);
    await stage.end('d');
    await interrupted;
    expect(stage.lines).toEqual(['+a', '+d', '-a', '-d']);
    expect(strategy.stats).toMatchObject({ waitingEvents: 0, waitingBytes: 0, acknowledged: 0, handled: 2 });
    expect(gateway.sent).toEqual([]);
  });

  it('it is let go of at once when nothing of it runs', async () => {
    const { gateway, strategy } = await start();
    gateway.say(1, 'fast', 'a', 1);
    const { source } = gateway;
    await gateway.interrupt();
    expect(source.acknowledged).toEqual([1]);
    expect(strategy.stats).toMatchObject({ dropped: 0, acknowledged: 1 });
  });

  it('the next one is served as any other', async () => {
    const { gateway, strategy, stage } = await start();
    gateway.say(1, 'slow', 'a', 1);
    const interrupted = gateway.interrupt();
    await stage.end('a');
    await interrupted;
    gateway.redelivering(true);
    gateway.say(1, 'fast', 'again', 1);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: 'again' });
    expect(gateway.source.acknowledged).toEqual([1]);
    expect(strategy.stats).toMatchObject({ redelivered: 1, acknowledged: 1 });
  });

  it('a handler that hangs is waited for until its time is up', async () => {
    const { gateway, strategy, stage } = await start({ handlerTimeoutMs: 30 });
    gateway.say(1, 'slow', 'a', 1);
    await gateway.interrupt();
    expect(strategy.stats).toMatchObject({ timedOut: 1, acknowledged: 0, waitingEvents: 0 });
    await stage.end('a');
    expect(gateway.sent).toEqual([]);
  });

  it('a client that is denied then is not closed, and is judged anew when it comes again', async () => {
    const { gateway, strategy, stage } = await start();
    gateway.connect(1);
    const interrupted = gateway.interrupt();
    await stage.end('open1');
    await interrupted;
    expect(gateway.closed).toEqual([]);
    gateway.say(1, 'fast', 'heard');
    expect(stage.lines.at(-1)).toBe('heard');
    expect(strategy.stats).toMatchObject({ denied: 0 });
  });

  it('the handlers that are left of an event do not begin', async () => {
    const stage = new Stage();
    @ClientHandlers()
    class Handlers {
      @OnMessage()
      async raw(): Promise<void> {
        await stage.play('raw');
      }
      @OnMessage('go')
      go(): void {
        stage.lines.push('go');
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(1, 'go');
    const interrupted = gateway.interrupt();
    await stage.end('raw');
    await interrupted;
    expect(stage.lines).toEqual(['+raw', '-raw']);
  });

  it('a worker that gives up what it has lets go of it too', async () => {
    const { gateway, strategy } = await start({ handlerTimeoutMs: 0, drainTimeoutMs: 20 });
    gateway.say(1, 'slow', 'a', 1);
    const interrupted = gateway.interrupt();
    expect(await isDone(interrupted)).toBe(false);
    await strategy.close();
    await interrupted;
  });
});

describe('a client that was denied', () => {
  it('is judged anew when its connecting is handed over again', async () => {
    const seen: string[] = [];
    let isDenying = true;
    @ClientHandlers()
    class Handlers {
      @OnConnect()
      connected(@Client() client: ClientContext): void {
        seen.push(`${client.redelivered}`);
        if (isDenying) throw new ForbiddenException();
      }
      @OnMessage()
      said(@Payload() text: string): void {
        seen.push(text);
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.connect(1);
    gateway.text(1, 'unheard');
    isDenying = false;
    gateway.redelivering(true);
    gateway.connect(1);
    gateway.text(1, 'heard');
    expect(seen).toEqual(['false', 'true', 'heard']);
    expect(gateway.source.outstanding).toEqual([]);
  });
});
