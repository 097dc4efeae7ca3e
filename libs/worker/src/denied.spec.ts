import {
  Catch,
  ForbiddenException,
  Injectable,
  Scope,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  type CanActivate,
  type ExceptionFilter,
} from '@nestjs/common';
import { of, throwError } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';

import { ClientHandlers, OnClose, OnConnect, OnMessage } from './index.js';
import { closeWorkers, startWorker, type TestWorker } from './test/start-worker.js';

afterEach(closeWorkers);

const guardThat = (decide: CanActivate['canActivate']): CanActivate => ({ canActivate: decide });

interface Setup {
  readonly guard?: CanActivate;
  readonly connected?: () => unknown;
  readonly filter?: ExceptionFilter;
}

/** Notes which handlers ran for a client whose connecting is decided so. */
async function doorkeeper({ guard, connected, filter }: Setup): Promise<TestWorker & { seen: string[] }> {
  const seen: string[] = [];
  @ClientHandlers()
  class Handlers {
    @OnConnect()
    @UseGuards(...(guard ? [guard] : []))
    @UseFilters(...(filter ? [filter] : []))
    first(): unknown {
      seen.push('first');
      return connected?.();
    }
    @OnConnect()
    second(): void {
      seen.push('second');
    }
    @OnMessage()
    message(): void {
      seen.push('message');
    }
    @OnClose()
    left(): void {
      seen.push('left');
    }
  }
  return { ...(await startWorker({ providers: [Handlers], options: { handlerTimeoutMs: 30 } })), seen };
}

describe('a client is denied, closed, and no further @OnConnect runs for it', () => {
  const unauthorized = new UnauthorizedException();
  const thrower = (error: unknown) => (): never => {
    throw error;
  };
  it.each<[string, Setup]>([
    ['when a guard says no', { guard: guardThat(() => false) }],
    ['when a guard says no later', { guard: guardThat(() => Promise.resolve(false)) }],
    ['when a guard says no by an Observable', { guard: guardThat(() => of(true, false)) }],
    ['when a guard throws', { guard: guardThat(thrower(unauthorized)) }],
    ['when a guard fails for whatever reason', { guard: guardThat(thrower(new Error('database is down'))) }],
    ['when a guard rejects', { guard: guardThat(() => Promise.reject(unauthorized)) }],
    ['when a guard never decides', { guard: guardThat(() => new Promise<boolean>(() => {})) }],
    ['when the handler says 401', { connected: thrower(unauthorized) }],
    ['when the handler says 403 later', { connected: () => throwError(() => new ForbiddenException()) }],
  ])('%s', async (_when, setup) => {
    const { gateway, strategy, seen } = await doorkeeper(setup);
    gateway.open(1);
    await gateway.until(() => gateway.closed.length > 0);
    expect(gateway.closed).toEqual([gateway.idOf(1)]);
    expect(seen).toEqual(setup.guard ? [] : ['first']);
    expect(strategy.stats.denied).toBe(1);
  });

  it('even when a filter took care of the exception of the guard', async () => {
    @Catch()
    class Filter implements ExceptionFilter {
      catch(): void {
        seen.push('filter');
      }
    }
    const seen: string[] = [];
    const worker = await doorkeeper({ guard: guardThat(() => false), filter: new Filter() });
    worker.gateway.open(1);
    expect(worker.gateway.closed).toEqual([worker.gateway.idOf(1)]);
    expect([...seen, ...worker.seen]).toEqual(['filter']);
    expect(worker.strategy.stats).toMatchObject({ denied: 1, failed: 0 });
  });

  it('when a request-scoped guard cannot be made', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Broken implements CanActivate {
      constructor() {
        throw new Error('no database');
      }
      canActivate(): boolean {
        return true;
      }
    }
    const seen: string[] = [];
    @ClientHandlers()
    @UseGuards(Broken)
    class Handlers {
      @OnConnect()
      connected(): void {
        seen.push('connected');
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.open(1);
    await gateway.until(() => gateway.closed.length > 0);
    expect(seen).toEqual([]);
  });
});

describe('a client is not denied', () => {
  const thrower = (error: unknown) => (): never => {
    throw error;
  };
  it.each<[string, Setup]>([
    ['by an ordinary failure of the handler', { connected: thrower(new Error('a bug')) }],
    ['by a handler without guards that hangs', { connected: () => new Promise(() => {}) }],
    ['by a guard that agrees', { guard: guardThat(() => of(true)) }],
  ])('%s', async (_why, setup) => {
    const { gateway, strategy, seen } = await doorkeeper(setup);
    gateway.open(1);
    await strategy.close();
    expect(gateway.closed).toEqual([]);
    expect(seen).toEqual(['first', 'second']);
    expect(strategy.stats.denied).toBe(0);
  });

  it('by a guard that says no to a message', async () => {
    @ClientHandlers()
    class Handlers {
      @OnMessage('go')
      @UseGuards(guardThat(() => false))
      go(): void {}
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(1, 'go', null, 1);
    expect(await gateway.nextReply()).toEqual({
      id: 1,
      error: { code: 'FORBIDDEN', message: 'Forbidden resource' },
    });
    expect(gateway.closed).toEqual([]);
  });
});

describe('what a denied client had sent', () => {
  it('reaches no handler, waiting or arriving; its close does', async () => {
    let decide = (_verdict: boolean): void => undefined;
    const { gateway, strategy, seen } = await doorkeeper({
      guard: guardThat(() => new Promise<boolean>((resolve) => (decide = resolve))),
    });
    gateway.open(1);
    gateway.text(1, 'waiting');
    decide(false);
    await gateway.until(() => gateway.closed.length > 0);
    gateway.text(1, 'arriving');
    gateway.text(2, 'of another client');
    expect(seen).toEqual(['message']);
    gateway.close(1);
    await strategy.close();
    expect(seen).toEqual(['message', 'left']);
  });

  it('is forgotten with the close: the number may serve another client', async () => {
    const { gateway, seen } = await doorkeeper({ guard: guardThat(() => false) });
    gateway.open(1);
    gateway.close(1);
    gateway.text(1, 'of the next client');
    expect(seen).toEqual(['left', 'message']);
  });
});
