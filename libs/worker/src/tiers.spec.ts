import {
  createParamDecorator,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { EMPTY, type Observable } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';

import { Client, ClientContext, ClientHandlers, OnMessage, Payload } from './index.js';
import { closeWorkers, startWorker } from './test/start-worker.js';

afterEach(closeWorkers);

const agreeing: CanActivate = { canActivate: () => true };
const agreeingLater: CanActivate = { canActivate: () => Promise.resolve(true) };
const doubling: PipeTransform = {
  transform: (value: unknown) => (typeof value === 'number' ? value * 2 : value),
};
const doublingLater: PipeTransform = {
  transform: (value: unknown) => Promise.resolve(doubling.transform(value, { type: 'body' })),
};
const passing: NestInterceptor = { intercept: (_host: ExecutionContext, next: CallHandler) => next.handle() };
const swallowing: NestInterceptor = { intercept: (): Observable<unknown> => EMPTY };
const catching = { catch: (error: Error) => ({ code: 'CAUGHT', message: error.message }) };
const Upper = createParamDecorator((text: string) => text.toUpperCase());

@ClientHandlers()
class Handlers {
  @OnMessage('bare')
  bare(@Payload() n: number, @Client() client: ClientContext): unknown {
    return [n, client.kind];
  }

  @OnMessage('lean')
  @UseGuards(agreeing)
  @UsePipes(doubling)
  @UseFilters(catching)
  lean(@Upper('x') x: string, @Payload(doubling) n: number): unknown {
    if (n === 0) throw new Error('zero');
    return [x, n];
  }

  @OnMessage('later')
  @UseGuards(agreeing, agreeingLater, agreeing)
  @UsePipes(doublingLater)
  @UseFilters(catching)
  later(@Payload(doubling) n: number, @Payload(doublingLater) m: number): unknown {
    if (n === 0) throw new Error('zero');
    return [n, m];
  }

  @OnMessage('intercepted')
  @UseInterceptors(passing)
  @UsePipes(doubling)
  intercepted(@Payload() n: number): unknown {
    return n;
  }

  @OnMessage('swallowed')
  @UseInterceptors(swallowing)
  swallowed(): unknown {
    return 'never';
  }
}

describe('no promise is made unless something needs one', () => {
  it.each([
    ['bare', 1, '{"id":1,"data":[1,"ws"]}'],
    ['lean', 1, '{"id":1,"data":["X",4]}'],
    ['lean', 0, '{"id":1,"error":{"code":"CAUGHT","message":"zero"}}'],
  ])('%s(%i) has been answered when the event has been handed over', async (event, data, reply) => {
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(1, event, data, 1);
    expect(gateway.sent.map(({ message }) => message)).toEqual([reply]);
  });

  it.each([
    ['later', 1, { data: [4, 4] }],
    ['later', 0, { error: { code: 'CAUGHT', message: 'zero' } }],
    ['intercepted', 3, { data: 6 }],
    ['swallowed', 1, { data: null }],
  ])('%s(%i) is answered as the same, later', async (event, data, reply) => {
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(1, event, data, 1);
    expect(gateway.sent).toEqual([]);
    expect(await gateway.nextReply()).toEqual({ id: 1, ...reply });
  });

  it('is found out when the worker starts, global enhancers included', async () => {
    const { gateway } = await startWorker({
      providers: [Handlers],
      configure: (app) => app.useGlobalGuards(agreeingLater),
    });
    gateway.say(1, 'bare', 1, 1);
    expect(gateway.sent).toEqual([]);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: [1, 'ws'] });
  });
});

describe('guards, pipes and filters', () => {
  it('stop at the first guard that says no', async () => {
    const seen: string[] = [];
    const noting = (name: string, verdict: boolean): CanActivate => ({
      canActivate: () => {
        seen.push(name);
        return verdict;
      },
    });
    @ClientHandlers()
    @UseGuards(noting('class', true))
    class Guarded {
      @OnMessage('go')
      @UseGuards(noting('method', false), noting('never', true))
      go(): void {
        seen.push('handler');
      }
    }
    const { gateway } = await startWorker({
      providers: [Guarded],
      configure: (app) => app.useGlobalGuards(noting('global', true)),
    });
    gateway.say(1, 'go', null, 1);
    expect(await gateway.nextReply()).toMatchObject({ error: { code: 'FORBIDDEN' } });
    expect(seen).toEqual(['global', 'class', 'method']);
  });

  it('run from the application inwards: global, class, method, parameter', async () => {
    const adding = (name: string): PipeTransform => ({
      transform: (value: unknown) => `${String(value)} ${name}`,
    });
    @ClientHandlers()
    @UsePipes(adding('class'))
    class Piped {
      @OnMessage('go')
      @UsePipes(adding('method'))
      go(@Payload(adding('param')) text: string): string {
        return text;
      }
    }
    const { gateway } = await startWorker({
      providers: [Piped],
      configure: (app) => app.useGlobalPipes(adding('global')),
    });
    gateway.say(1, 'go', 'data', 1);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: 'data global class method param' });
  });

  it('that fail are told to the filter nearest to the method', async () => {
    const failing: PipeTransform = {
      transform: () => {
        throw new Error('pipe');
      },
    };
    const telling = (code: string) => ({ catch: (error: Error) => ({ code, message: error.message }) });
    @ClientHandlers()
    @UseFilters(telling('CLASS'))
    class Filtered {
      @OnMessage('method')
      @UseFilters(telling('METHOD'))
      method(@Payload(failing) _data: unknown): void {}
      @OnMessage('class')
      class(@Payload(failing) _data: unknown): void {}
    }
    const { gateway } = await startWorker({
      providers: [Filtered],
      configure: (app) => app.useGlobalFilters(telling('GLOBAL')),
    });
    gateway.say(1, 'method', null, 1);
    gateway.say(1, 'class', null, 2);
    expect(await gateway.nextReply()).toEqual({ id: 1, error: { code: 'METHOD', message: 'pipe' } });
    expect(await gateway.nextReply()).toEqual({ id: 2, error: { code: 'CLASS', message: 'pipe' } });
  });
});

describe('request-scoped providers', () => {
  let made = 0;

  @Injectable({ scope: Scope.REQUEST })
  class PerEvent {
    readonly number = ++made;
  }

  @ClientHandlers()
  class One {
    constructor(private readonly perEvent: PerEvent) {}
    @OnMessage()
    raw(): void {
      seen.push(this.perEvent.number);
    }
    @OnMessage('go')
    go(): number {
      return this.perEvent.number;
    }
  }

  @ClientHandlers()
  @Injectable({ scope: Scope.REQUEST })
  class Two {
    constructor(private readonly perEvent: PerEvent) {}
    @OnMessage()
    raw(): void {
      seen.push(this.perEvent.number);
    }
  }
  const seen: number[] = [];

  it('are one for all handlers of an event, and another one for the next', async () => {
    const { gateway } = await startWorker({ providers: [PerEvent, One, Two] });
    gateway.say(1, 'go', null, 1);
    gateway.say(1, 'go', null, 2);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: 1 });
    expect(await gateway.nextReply()).toEqual({ id: 2, data: 2 });
    expect(seen).toEqual([1, 1, 2, 2]);
  });
});
