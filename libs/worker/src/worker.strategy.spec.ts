import { firstValueFrom, take, toArray } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';

import {
  ClientHandlers,
  OnClose,
  OnConnect,
  OnGatewayLost,
  OnMessage,
  OnWorkerStart,
  OnWorkerStop,
} from './index.js';
import { LoopbackGateway } from './test/loopback-gateway.js';
import { closeWorkers, createWorker, startWorker } from './test/start-worker.js';
import { resolveWorkerOptions } from './worker-options.js';

afterEach(closeWorkers);

describe('starting', () => {
  it('runs @OnWorkerStart before the first event is taken', async () => {
    const gateway = new LoopbackGateway();
    const calls = gateway.calls;
    @ClientHandlers()
    class Handlers {
      @OnWorkerStart()
      async start(): Promise<void> {
        await Promise.resolve();
        calls.push(`start ${this instanceof Handlers}`);
      }
    }
    const { strategy } = await startWorker({ providers: [Handlers], gateway });
    expect(calls).toEqual(['start true', 'subscribe']);
    expect(strategy.state).toBe('listening');
  });

  it('fails with what @OnWorkerStart threw, and takes no event', async () => {
    @ClientHandlers()
    class Handlers {
      @OnWorkerStart()
      start(): void {
        throw new Error('no database');
      }
    }
    const { app, gateway, strategy } = await createWorker({ providers: [Handlers] });
    await expect(app.listen()).rejects.toThrow('no database');
    expect(gateway.calls).toEqual([]);
    expect(strategy.state).toBe('closed');
  });

  it('tells its state to whoever watches', async () => {
    const { app, strategy, gateway } = await createWorker({ providers: [] });
    const states = firstValueFrom(strategy.status.pipe(take(5), toArray()));
    const heard: unknown[] = [];
    app.on('state', (state: string) => heard.push(state));
    app.on('gatewayLost', (key: string) => heard.push(key));
    await app.listen();
    gateway.lose();
    await app.close();
    expect(await states).toEqual(['idle', 'starting', 'listening', 'draining', 'closed']);
    expect(heard).toEqual(['starting', 'listening', gateway.key, 'draining', 'closed']);
    expect(app.unwrap()).toBe(gateway);
  });

  it('goes on when those who watch fail', async () => {
    const { app, strategy, gateway, log } = await createWorker({ providers: [] });
    const heard: string[] = [];
    // What an async function gives, which the type of a listener does not keep anybody from passing.
    const later = (): unknown => Promise.reject(new Error('later'));
    strategy.on('state', () => {
      throw new Error('at once');
    });
    strategy.on('state', (state) => void heard.push(state));
    strategy.on('gatewayLost', () => later());
    await app.listen();
    gateway.lose();
    await app.close();
    expect(heard).toEqual(['starting', 'listening', 'draining', 'closed']);
    expect(log.having('error A listener for "state" failed Error: at once')).toHaveLength(4);
    expect(log.having('error A listener for "gatewayLost" failed Error: later')).toHaveLength(1);
  });

  it('says what it takes', async () => {
    @ClientHandlers()
    class Handlers {
      @OnConnect()
      connected(): void {}
      @OnMessage('say')
      say(): void {}
      @OnMessage('join')
      join(): void {}
    }
    const { log } = await startWorker({ providers: [Handlers] });
    expect(
      log.having('Taking events: 1 @OnConnect, 0 @OnMessage, 0 @OnClose, events say, join'),
    ).toHaveLength(1);
  });
});

describe('closing', () => {
  it('takes no more events, waits for those that came, runs @OnWorkerStop, and flushes', async () => {
    const gateway = new LoopbackGateway();
    const { calls } = gateway;
    let release = (): void => undefined;
    @ClientHandlers()
    class Handlers {
      @OnMessage('slow')
      async slow(): Promise<void> {
        await new Promise<void>((resolve) => (release = resolve));
        calls.push('slow ended');
      }
      @OnClose()
      left(): void {
        calls.push('left');
      }
      @OnWorkerStop()
      async stop(): Promise<void> {
        await Promise.resolve();
        calls.push('stop');
      }
    }
    const { app, strategy } = await startWorker({ providers: [Handlers], gateway });
    gateway.say(1, 'slow', null, 1);
    gateway.underWay = () => gateway.close(1);
    const closed = app.close();
    await new Promise(setImmediate);
    expect(calls).toEqual(['subscribe', 'unsubscribe']);
    release();
    await closed;
    expect(calls).toEqual(['subscribe', 'unsubscribe', 'slow ended', 'left', 'stop', 'flush']);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: null });
    expect(strategy.state).toBe('closed');
    expect(gateway.source.acknowledged).toEqual([1, 2]);
  });

  it('acknowledges each event as soon as it is done with, before @OnWorkerStop', async () => {
    const gateway = new LoopbackGateway();
    let release = (): void => undefined;
    const acknowledged: number[][] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage('slow')
      slow(): Promise<void> {
        return new Promise((resolve) => (release = resolve));
      }
      @OnMessage('fast')
      fast(): void {}
      @OnWorkerStop()
      stop(): void {
        acknowledged.push([...gateway.source.acknowledged]);
      }
    }
    const { strategy } = await startWorker({ providers: [Handlers], gateway });
    gateway.say(1, 'slow');
    gateway.say(2, 'fast');
    const closed = strategy.close();
    await new Promise(setImmediate);
    acknowledged.push([...gateway.source.acknowledged]);
    release();
    await closed;
    expect(acknowledged).toEqual([[2], [2, 1]]);
    expect(strategy.stats).toMatchObject({ acknowledged: 2 });
  });

  it('is done once, however often it is asked for', async () => {
    let stops = 0;
    @ClientHandlers()
    class Handlers {
      @OnWorkerStop()
      stop(): void {
        stops++;
      }
    }
    const { strategy, app } = await startWorker({ providers: [Handlers] });
    await Promise.all([strategy.close(), strategy.close(), app.close()]);
    expect(stops).toBe(1);
  });

  it('gives up what does not settle within drainTimeoutMs, and says so', async () => {
    const seen: string[] = [];
    let release = (): void => undefined;
    @ClientHandlers()
    class Handlers {
      @OnMessage('hang')
      hang(): Promise<void> {
        return new Promise((resolve) => (release = resolve));
      }
      @OnMessage('waits')
      waits(): void {
        seen.push('waits');
      }
      @OnWorkerStop()
      stop(): Promise<void> {
        seen.push('stop');
        return new Promise(() => {});
      }
    }
    const { gateway, strategy, log } = await startWorker({
      providers: [Handlers],
      options: { drainTimeoutMs: 20 },
    });
    gateway.say(1, 'hang', null, 1);
    gateway.say(1, 'waits', null, 2);
    await strategy.close();
    expect(log.having('warn Handling the last events took longer than')).toHaveLength(1);
    expect(log.having('warn 1 clients have events left')).toHaveLength(1);
    expect(log.having('warn Handlers.stop took longer than 2 ms')).toHaveLength(1);
    release();
    await new Promise(setImmediate);
    expect(seen).toEqual(['stop']);
    expect(gateway.sent).toEqual([]);
    expect(gateway.calls.at(-1)).toBe('flush');
    expect(gateway.source.acknowledged).toEqual([]);
    expect(gateway.source.outstanding).toEqual([1, 2]); // for another worker
    gateway.say(2, 'waits');
    expect(gateway.source.acknowledged).toEqual([]);
  });

  it('goes on when @OnWorkerStop or the flush fails', async () => {
    class Broken extends LoopbackGateway {
      override flush(): Promise<void> {
        return Promise.reject(new Error('unreachable'));
      }
    }
    @ClientHandlers()
    class Handlers {
      @OnWorkerStop()
      stop(): void {
        throw new Error('stop');
      }
    }
    const { strategy, log } = await startWorker({ providers: [Handlers], gateway: new Broken() });
    await strategy.close();
    expect(log.having('error Handlers.stop failed Error: stop')).toHaveLength(1);
    expect(log.having('error Sending the last commands failed Error: unreachable')).toHaveLength(1);
    expect(strategy.state).toBe('closed');
  });

  it('before it was started does nothing', async () => {
    const { strategy, gateway } = await createWorker({ providers: [] });
    await strategy.close();
    expect(gateway.calls).toEqual([]);
    expect(strategy.state).toBe('closed');
  });

  it('while it starts keeps it from taking events', async () => {
    let started = (): void => undefined;
    let release = (): void => undefined;
    const isStarting = new Promise<void>((resolve) => (started = resolve));
    @ClientHandlers()
    class Handlers {
      @OnWorkerStart()
      start(): Promise<void> {
        started();
        return new Promise((resolve) => (release = resolve));
      }
    }
    const { app, strategy, gateway } = await createWorker({ providers: [Handlers] });
    const listening = app.listen();
    await isStarting;
    const closed = strategy.close();
    release();
    await Promise.all([listening, closed]);
    expect(gateway.calls).not.toContain('subscribe');
    expect(strategy.state).toBe('closed');
  });
});

describe('@OnGatewayLost', () => {
  it('is called with the id of the gateway, whatever the others do', async () => {
    const seen: string[] = [];
    @ClientHandlers()
    class Handlers {
      @OnGatewayLost()
      throws(gateway: string): void {
        seen.push(`throws ${gateway}`);
        throw new Error('as asked');
      }
      @OnGatewayLost()
      async clears(gateway: string): Promise<void> {
        await Promise.resolve();
        seen.push(`clears ${gateway} ${this instanceof Handlers}`);
      }
    }
    const { gateway, log, strategy } = await startWorker({ providers: [Handlers] });
    gateway.lose();
    await new Promise(setImmediate);
    expect(seen).toEqual([`throws ${gateway.key}`, `clears ${gateway.key} true`]);
    expect(gateway.idOf(1).startsWith(gateway.key)).toBe(true);
    expect(log.having('error Handlers.throws failed Error: as asked')).toHaveLength(1);
    expect(strategy.state).toBe('listening');
  });

  it('is not waited for longer than a handler', async () => {
    const seen: string[] = [];
    @ClientHandlers()
    class Handlers {
      @OnGatewayLost()
      hangs(): Promise<void> {
        return new Promise(() => {});
      }
      @OnGatewayLost()
      next(): void {
        seen.push('next');
      }
    }
    const { gateway, log, strategy } = await startWorker({
      providers: [Handlers],
      options: { handlerTimeoutMs: 20 },
    });
    gateway.lose();
    await strategy.close();
    expect(seen).toEqual(['next']);
    expect(log.having('warn Handlers.hangs took longer than 20 ms')).toHaveLength(1);
  });

  it('has ended when @OnWorkerStop begins, and does not keep a worker from stopping', async () => {
    const seen: string[] = [];
    let isHanging = false;
    @ClientHandlers()
    class Handlers {
      @OnGatewayLost()
      async clears(): Promise<void> {
        await new Promise(isHanging ? () => undefined : setImmediate);
        seen.push('cleared');
      }
      @OnWorkerStop()
      stop(): void {
        seen.push('stop');
      }
    }
    for (isHanging of [false, true]) {
      const { gateway, log, strategy } = await startWorker({
        providers: [Handlers],
        options: { drainTimeoutMs: 20 },
      });
      gateway.lose();
      await strategy.close();
      expect(log.having('warn @OnGatewayLost took longer than')).toHaveLength(isHanging ? 1 : 0);
    }
    expect(seen).toEqual(['cleared', 'stop', 'stop']);
  });
});

describe('options', () => {
  it('have defaults', () => {
    expect(resolveWorkerOptions({})).toEqual({
      handlerTimeoutMs: 30_000,
      drainTimeoutMs: 10_000,
      maxWaitingBytes: 16_777_216,
    });
  });

  it.each([
    { handlerTimeoutMs: -1 },
    { drainTimeoutMs: 0.5 },
    { handlerTimeoutMs: 2 ** 31 },
    { drainTimeoutMs: '1' as never },
    { maxWaitingBytes: -1 },
  ])('%j is refused', (options) => {
    expect(() => resolveWorkerOptions(options)).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_INVALID_OPTION' }),
    );
  });

  it('that are not known are refused, with the nearest that is', () => {
    expect(() => resolveWorkerOptions({ handlerTimeoutMS: 1 } as object)).toThrow('"handlerTimeoutMs"');
  });
});
