import { afterEach, describe, expect, it } from 'vitest';

import { ClientEventContext, ClientHandlers, Ctx, OnMessage, Session, type ClientSession } from './index.js';
import { Stage } from './test/stage.js';
import { closeWorkers, startWorker, type TestWorker } from './test/start-worker.js';

afterEach(closeWorkers);

async function start(): Promise<TestWorker & { stage: Stage; seen: unknown[]; kept: ClientEventContext[] }> {
  const stage = new Stage();
  const seen: unknown[] = [];
  const kept: ClientEventContext[] = [];
  @ClientHandlers()
  class Handlers {
    @OnMessage('slow')
    async slow(@Ctx() context: ClientEventContext): Promise<void> {
      kept.push(context);
      await stage.play('slow');
      seen.push(context.session);
    }
    @OnMessage('fast')
    fast(@Session() session: ClientSession): void {
      seen.push(session);
    }
    @OnMessage('writes')
    writes(@Ctx() context: ClientEventContext): void {
      seen.push(context.session);
      worker.gateway.wroteSession(1, 'merge', { count: Number(context.session['count'] ?? 0) + 1 });
      seen.push(context.session);
    }
  }
  const worker = await startWorker({ providers: [Handlers] });
  return { ...worker, stage, seen, kept };
}

describe('a handler', () => {
  it('sees what earlier handlers of its client wrote, although its event was sent before', async () => {
    const { gateway, strategy, seen } = await start();
    for (let n = 0; n < 3; n++) gateway.say(1, 'writes', null, undefined, { name: 'Ann' });
    gateway.say(2, 'fast', null, undefined, { name: 'Bob' });
    expect(seen).toEqual([
      { name: 'Ann' },
      { name: 'Ann', count: 1 },
      { name: 'Ann', count: 1 },
      { name: 'Ann', count: 2 },
      { name: 'Ann', count: 2 },
      { name: 'Ann', count: 3 },
      { name: 'Bob' },
    ]);
    expect(strategy.stats.overlaidSessions).toBe(1);
    gateway.appliedWrites(3);
    expect(strategy.stats.overlaidSessions).toBe(0);
    gateway.say(1, 'fast', null, undefined, { name: 'Ann', count: 3 });
    expect(seen.at(-1)).toEqual({ name: 'Ann', count: 3 });
  });

  it('sees it also when its event had to wait, and events bring it along by then', async () => {
    const { gateway, strategy, stage, seen } = await start();
    gateway.say(1, 'slow', null, undefined, { n: 0 });
    gateway.say(1, 'fast', null, undefined, { n: 0 });
    gateway.appliedWrites(gateway.wroteSession(1, 'set', { n: 1 }));
    gateway.say(1, 'fast', null, undefined, { n: 1 });
    expect(strategy.stats.overlaidSessions).toBe(1);
    await stage.end('slow');
    expect(seen).toEqual([{ n: 1 }, { n: 1 }, { n: 1 }]);
    expect(strategy.stats.overlaidSessions).toBe(0);
  });

  it('does not see what is written when its event is done with', async () => {
    const { gateway, stage, kept } = await start();
    gateway.say(1, 'slow', null, undefined, { n: 0 });
    gateway.wroteSession(1, 'merge', { n: 1 });
    await stage.end('slow');
    gateway.wroteSession(1, 'merge', { n: 2 });
    expect(kept[0]?.session).toEqual({ n: 1 });
  });

  it('of another link does not see what was written on the one before', async () => {
    const { gateway, strategy, seen } = await start();
    gateway.wroteSession(1, 'delete');
    expect(strategy.stats.overlaidSessions).toBe(1);
    await gateway.interrupt();
    expect(strategy.stats.overlaidSessions).toBe(0);
    gateway.say(1, 'fast', null, undefined, { n: 0 });
    expect(seen).toEqual([{ n: 0 }]);
  });
});
