import { afterEach, describe, expect, it } from 'vitest';

import { ClientHandlers, OnClose, OnMessage, Payload } from './index.js';
import { LoopbackGateway } from './test/loopback-gateway.js';
import { Stage } from './test/stage.js';
import { closeWorkers, startWorker, type TestWorker } from './test/start-worker.js';

afterEach(closeWorkers);

const OVERHEAD = 512;

/** A worker whose handlers end when the stage says so, and which may keep so much. */
async function start(
  maxWaitingBytes: number,
  protocol: 'nestwire' | 'base' = 'base',
): Promise<{ stage: Stage } & TestWorker> {
  const stage = new Stage();
  @ClientHandlers()
  class Handlers {
    @OnMessage('play')
    play(@Payload('name') name: string): Promise<void> {
      return stage.play(name);
    }
    @OnMessage('atOnce')
    atOnce(): void {
      stage.lines.push('at once');
    }
    @OnClose()
    left(): void {
      stage.lines.push('left');
    }
  }
  const gateway = new LoopbackGateway(undefined, protocol);
  const worker = await startWorker({ providers: [Handlers], options: { maxWaitingBytes }, gateway });
  return { ...worker, stage };
}

/** How much the message of `say` has. */
function bytesOf(event: string, data: unknown): number {
  return JSON.stringify({ event, data }).length;
}

describe('what waits for handlers', () => {
  it('is counted while it waits or runs, with its payload and session, and no longer', async () => {
    const { gateway, strategy, stage } = await start(1_000_000);
    expect(strategy.stats).toMatchObject({ waitingEvents: 0, waitingBytes: 0 });
    gateway.say(1, 'atOnce', {});
    expect(strategy.stats).toMatchObject({ waitingEvents: 0, waitingBytes: 0 });
    const data = Buffer.from('{"event":"play","data":{"name":"a"}}');
    const session = gateway.codec.encode({ name: 'Ann' });
    gateway.deliver({ type: 'message', connectionId: 1, session, opcode: 1, flags: 0x21, data });
    const first = data.length + session.length + OVERHEAD;
    expect(strategy.stats).toMatchObject({ waitingEvents: 1, waitingBytes: first });
    gateway.deliver({ type: 'message', connectionId: 1, session, opcode: 1, flags: 0x21, data });
    gateway.say(2, 'play', { name: 'b' });
    const second = bytesOf('play', { name: 'b' }) + OVERHEAD;
    expect(strategy.stats).toMatchObject({ waitingEvents: 3, waitingBytes: 2 * first + second });
    await stage.end('a');
    expect(strategy.stats).toMatchObject({ waitingEvents: 2, waitingBytes: first + second });
    await stage.end('a');
    await stage.end('b');
    expect(strategy.stats).toMatchObject({ waitingEvents: 0, waitingBytes: 0 });
  });

  it('has its gateway paused above the limit, and resumed below half of it', async () => {
    const each = bytesOf('play', { name: 'a' }) + OVERHEAD;
    const { gateway, strategy, stage, log } = await start(4 * each);
    const [pause, resume] = [`pause ${gateway.key}`, `resume ${gateway.key}`];
    for (const name of ['a', 'b', 'c', 'd']) gateway.say(1, 'play', { name });
    expect(gateway.calls).toEqual(['subscribe']);
    for (const name of ['e', 'f']) gateway.say(1, 'play', { name });
    expect(gateway.calls).toEqual(['subscribe', pause]);
    for (const name of ['a', 'b', 'c', 'd']) await stage.end(name);
    expect(strategy.stats.waitingBytes).toBe(2 * each);
    expect(gateway.calls).toEqual(['subscribe', pause]);
    await stage.end('e');
    expect(gateway.calls).toEqual(['subscribe', pause, resume]);
    for (const name of ['g', 'h', 'i', 'j']) gateway.say(2, 'play', { name });
    expect(gateway.calls).toEqual(['subscribe', pause, resume, pause]);
    for (const name of ['f', 'g', 'h', 'i', 'j']) await stage.end(name);
    expect(gateway.calls).toEqual(['subscribe', pause, resume, pause, resume]);
    expect(strategy.stats).toMatchObject({ waitingEvents: 0, waitingBytes: 0 });
    expect(log.having(`warn The gateway ${gateway.key} is not read for now: 5 of its events`)).toHaveLength(
      1,
    );
  });

  it('is let go of when a client leaves, too, and events that end at once in its lane count no longer', async () => {
    const { gateway, strategy, stage } = await start(1_500);
    gateway.say(1, 'play', { name: 'a' });
    gateway.say(1, 'atOnce', {});
    gateway.close(1);
    expect(gateway.calls).toEqual(['subscribe', `pause ${gateway.key}`]);
    await stage.end('a');
    expect(stage.lines).toEqual(['+a', '-a', 'at once', 'left']);
    expect(gateway.calls).toEqual(['subscribe', `pause ${gateway.key}`, `resume ${gateway.key}`]);
    expect(strategy.stats).toMatchObject({ waitingEvents: 0, waitingBytes: 0 });
  });

  it('pauses no gateway that keeps to the window that it was told', async () => {
    const { gateway, strategy, stage } = await start(1_000, 'nestwire');
    expect(gateway.terms).toEqual({ windowBytes: 1_000 });
    for (let n = 0; n < 10; n++) gateway.say(n, 'play', { name: `${n}` });
    expect(strategy.stats).toMatchObject({ waitingEvents: 10 });
    for (let n = 0; n < 10; n++) await stage.end(`${n}`);
    expect(strategy.stats).toMatchObject({ waitingEvents: 0, waitingBytes: 0 });
    expect(gateway.calls).toEqual(['subscribe']);
  });

  it('has no limit with 0', async () => {
    const { gateway, stage } = await start(0);
    for (let n = 0; n < 50; n++) gateway.say(n, 'play', { name: `${n}` });
    expect(gateway.calls).toEqual(['subscribe']);
    for (let n = 0; n < 50; n++) await stage.end(`${n}`);
  });
});
