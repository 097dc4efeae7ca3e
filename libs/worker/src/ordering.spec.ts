import { afterEach, describe, expect, it } from 'vitest';

import {
  Client,
  ClientContext,
  ClientHandlers,
  OnClose,
  OnConnect,
  OnMessage,
  Payload,
  Session,
} from './index.js';
import { Stage } from './test/stage.js';
import { closeWorkers, startWorker, type TestWorker } from './test/start-worker.js';

afterEach(closeWorkers);

async function staged(concurrency: number): Promise<TestWorker & { stage: Stage }> {
  const stage = new Stage();
  @ClientHandlers({ concurrency })
  class Handlers {
    @OnConnect()
    connected(@Client() client: ClientContext): Promise<void> {
      return stage.play(`open${Number.parseInt(client.id.slice(12), 16)}`);
    }
    @OnMessage('slow')
    slow(@Payload() name: string): Promise<void> {
      return stage.play(name);
    }
    @OnMessage('fast')
    fast(@Payload() name: string): void {
      stage.lines.push(name);
    }
    @OnClose()
    left(): Promise<void> {
      return stage.play('close');
    }
  }
  return { ...(await startWorker({ providers: [Handlers] })), stage };
}

describe('the events of one client', () => {
  it('are handled one after another in the order in which they came, close last', async () => {
    const { gateway, stage } = await staged(1);
    gateway.open(1);
    gateway.say(1, 'slow', 'a');
    gateway.say(1, 'fast', 'b');
    gateway.say(1, 'slow', 'c');
    gateway.close(1);
    expect(stage.lines).toEqual(['+open1']);
    await stage.end('open1');
    await stage.end('a');
    await stage.end('c');
    await stage.end('close');
    expect(stage.lines).toEqual(['+open1', '-open1', '+a', '-a', 'b', '+c', '-c', '+close', '-close']);
  });

  it('are answered in that order, whatever their handlers take', async () => {
    const { gateway, stage } = await staged(1);
    gateway.say(1, 'slow', 'a', 1);
    gateway.say(1, 'fast', 'b', 2);
    gateway.say(1, 'nope', 'c', 3);
    expect(gateway.sent).toEqual([]);
    await stage.end('a');
    const ids = gateway.sent.map(({ message }) => (JSON.parse(message) as { id: number }).id);
    expect(ids).toEqual([1, 2, 3]);
  });

  it('begin at once when nothing of it is pending, without waiting for a tick', async () => {
    const { gateway, stage } = await staged(1);
    gateway.say(1, 'fast', 'a', 1);
    gateway.say(1, 'fast', 'b', 2);
    expect(stage.lines).toEqual(['a', 'b']);
    expect(gateway.sent).toHaveLength(2);
  });

  it('go on after one of them failed', async () => {
    @ClientHandlers()
    class Handlers {
      @OnMessage('bad')
      async bad(): Promise<never> {
        await Promise.resolve();
        throw new Error('bad');
      }
      @OnMessage('good')
      good(): string {
        return 'good';
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(1, 'bad', null, 1);
    gateway.say(1, 'good', null, 2);
    expect(await gateway.nextReply()).toMatchObject({ id: 1, error: {} });
    expect(await gateway.nextReply()).toEqual({ id: 2, data: 'good' });
  });

  it('keep their own bytes while they wait', async () => {
    const seen: unknown[] = [];
    let release = (): void => undefined;
    @ClientHandlers()
    class Handlers {
      @OnMessage('wait')
      wait(): Promise<void> {
        return new Promise((resolve) => (release = resolve));
      }
      @OnMessage()
      raw(@Payload() message: unknown, @Session('name') name: string): void {
        seen.push(message, name);
      }
      @OnClose()
      left(@Client() client: ClientContext, @Session('name') name: string): void {
        seen.push(client.uid, client.groups, name);
      }
    }
    const { gateway, strategy } = await startWorker({ providers: [Handlers] });
    gateway.say(1, 'wait', null, undefined, { name: 'first' });
    gateway.receive(1, Buffer.from([1, 2, 3]), { name: 'second' });
    gateway.close(1, { uid: 'u', groups: ['g'], session: { name: 'third' } });
    expect(seen).toEqual([expect.any(String), 'first']);
    release();
    await strategy.close();
    expect(seen.slice(2)).toEqual([Buffer.from([1, 2, 3]), 'second', 'u', ['g'], 'third']);
  });

  it('keep their own bytes while their first handler is waited for', async () => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage()
      async first(): Promise<void> {
        await Promise.resolve();
      }
      @OnMessage()
      second(@Session('name') name: string): void {
        seen.push(name);
      }
    }
    const { gateway, strategy } = await startWorker({ providers: [Handlers] });
    gateway.text(1, 'x', { name: 'Ann' });
    await strategy.close();
    expect(seen).toEqual(['Ann']);
    expect(strategy.stats.badEvents).toBe(0);
  });

  it('are not overtaken by what a handler causes while it runs', async () => {
    const seen: string[] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage('first')
      async first(): Promise<void> {
        await Promise.resolve();
      }
      @OnMessage('causes')
      causes(): void {
        seen.push('causes begins');
        worker.gateway.say(1, 'caused');
        seen.push('causes ends');
      }
      @OnMessage('caused')
      caused(): void {
        seen.push('caused');
      }
    }
    const worker = await startWorker({ providers: [Handlers] });
    worker.gateway.say(1, 'first');
    worker.gateway.say(1, 'causes');
    await worker.strategy.close();
    expect(seen).toEqual(['causes begins', 'causes ends', 'caused']);
  });
});

describe('the events of different clients', () => {
  it('are handled side by side', async () => {
    const { gateway, stage } = await staged(1);
    gateway.open(1);
    gateway.open(2);
    gateway.say(3, 'fast', 'c');
    expect(stage.lines).toEqual(['+open1', '+open2', 'c']);
    await stage.end('open2');
    gateway.say(2, 'fast', 'b');
    expect(stage.lines.slice(3)).toEqual(['-open2', 'b']);
    await stage.end('open1');
  });
});

describe('concurrency', () => {
  it('lets that many handlers of one client run at once, started in order', async () => {
    const { gateway, stage } = await staged(2);
    for (const name of ['a', 'b', 'c']) gateway.say(1, 'slow', name);
    expect(stage.lines).toEqual(['+a', '+b']);
    await stage.end('b');
    expect(stage.lines).toEqual(['+a', '+b', '-b', '+c']);
    await stage.end('a');
    await stage.end('c');
  });

  it('leaves connect first and close last', async () => {
    const { gateway, stage } = await staged(3);
    gateway.open(1);
    gateway.say(1, 'slow', 'a');
    gateway.say(1, 'slow', 'b');
    gateway.close(1);
    gateway.say(1, 'slow', 'late');
    expect(stage.lines).toEqual(['+open1']);
    await stage.end('open1');
    expect(stage.lines).toEqual(['+open1', '-open1', '+a', '+b']);
    await stage.end('a');
    expect(stage.lines.at(-1)).toBe('-a');
    await stage.end('b');
    expect(stage.lines.at(-1)).toBe('+close');
    await stage.end('close');
    expect(stage.lines.at(-1)).toBe('+late');
    await stage.end('late');
  });

  it('is that of the strictest class an event goes through', async () => {
    const stage = new Stage();
    @ClientHandlers({ concurrency: 5 })
    class Many {
      @OnMessage('many')
      many(@Payload() name: string): Promise<void> {
        return stage.play(name);
      }
    }
    @ClientHandlers()
    class One {
      @OnMessage('one')
      one(@Payload() name: string): Promise<void> {
        return stage.play(name);
      }
    }
    const { gateway } = await startWorker({ providers: [Many, One] });
    gateway.say(1, 'many', 'a');
    gateway.say(1, 'many', 'b');
    gateway.say(1, 'one', 'c');
    gateway.say(1, 'many', 'd');
    expect(stage.lines).toEqual(['+a', '+b']);
    await stage.end('a');
    await stage.end('b');
    expect(stage.lines.at(-1)).toBe('+c');
    await stage.end('c');
    expect(stage.lines.at(-1)).toBe('+d');
    await stage.end('d');
  });

  it.each([0, -1, 1.5, Number.NaN])('of %s is refused', (concurrency) => {
    expect(() => ClientHandlers({ concurrency })).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_OPTION', option: 'ClientHandlers.concurrency' }),
    );
  });
});
