import { Injectable, Module, Scope } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';

import {
  ClientHandlers,
  InvalidHandlerError,
  OnClose,
  OnConnect,
  OnGatewayLost,
  OnMessage,
  OnWorkerStart,
} from '../index.js';
import { closeWorkers, createWorker, startWorker, type TestWorkerSetup } from '../test/start-worker.js';

afterEach(closeWorkers);

async function startError(setup: TestWorkerSetup): Promise<InvalidHandlerError> {
  const { app } = await createWorker(setup);
  const error: unknown = await app.listen().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InvalidHandlerError);
  return error as InvalidHandlerError;
}

describe('the worker does not start', () => {
  it('when two handlers want the same event, and names both', async () => {
    @ClientHandlers()
    class Chat {
      @OnMessage('say')
      say(): void {}
    }
    @ClientHandlers()
    class Shout {
      @OnMessage('say')
      loud(): void {}
    }
    const error = await startError({ providers: [Chat, Shout] });
    expect(error.code).toBe('ERR_NESTWIRE_INVALID_HANDLER');
    expect(error.handler).toBe('Chat.say and Shout.loud');
    expect(error.message).toContain("@OnMessage('say')");
  });

  it('when a handler stands in a class without @ClientHandlers()', async () => {
    @Injectable()
    class Forgotten {
      @OnClose()
      left(): void {}
    }
    const error = await startError({ providers: [Forgotten] });
    expect(error.message).toBe(
      'Forgotten.left has @OnClose() and has no @ClientHandlers() on its class: it would never run. ' +
        'Handlers are methods of a class that has @ClientHandlers() and is listed in `providers`.',
    );
  });

  it('when a handler stands in a controller', async () => {
    @ClientHandlers()
    class Misplaced {
      @OnConnect()
      connected(): void {}
    }
    const error = await startError({ providers: [], controllers: [Misplaced] });
    expect(error.handler).toBe('Misplaced.connected');
    expect(error.message).toContain('is a controller');
  });

  it('when a class is provided twice, because every event would be handled twice', async () => {
    @ClientHandlers()
    class Twice {
      @OnConnect()
      connected(): void {}
    }
    @Module({ providers: [Twice] })
    class Other {}
    const error = await startError({ providers: [Twice], imports: [Other] });
    expect(error.message).toMatch(
      /^Twice is a provider of (TestModule and of Other|Other and of TestModule)/,
    );
  });

  it.each([
    ['a factory', (made: object) => ({ provide: 'made', useFactory: () => made })],
    ['a value', (made: object) => ({ provide: 'made', useValue: made })],
  ])('when the instance comes from %s, because its guards would not run', async (_what, provider) => {
    @ClientHandlers()
    class Made {
      @OnConnect()
      connected(): void {}
    }
    const error = await startError({ providers: [provider(new Made())] });
    expect(error.handler).toBe('Made');
  });

  it('when a class is transient', async () => {
    @ClientHandlers()
    @Injectable({ scope: Scope.TRANSIENT })
    class Transient {
      @OnConnect()
      connected(): void {}
    }
    expect((await startError({ providers: [Transient] })).message).toContain('Scope.TRANSIENT');
  });

  it('when @OnWorkerStart stands in a request-scoped class', async () => {
    @ClientHandlers()
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @OnWorkerStart()
      start(): void {}
    }
    expect((await startError({ providers: [Scoped] })).handler).toBe('Scoped.start');
  });

  it('when @OnGatewayLost stands in a request-scoped class', async () => {
    @ClientHandlers()
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @OnGatewayLost()
      lost(): void {}
    }
    const { handler, message } = await startError({ providers: [Scoped] });
    expect(handler).toBe('Scoped.lost');
    expect(message).toContain('@OnGatewayLost() on a request-scoped class');
  });
});

describe('a decorator refuses at once', () => {
  it('an empty event name', () => {
    expect(() => OnMessage('')).toThrow(InvalidHandlerError);
  });

  it('a static method', () => {
    expect(() => {
      class Static {
        @OnConnect()
        static connected(): void {}
      }
      return Static;
    }).toThrow('@OnConnect() on connected must stand on a method');
  });

  it('a method whose name is a symbol', () => {
    const name = Symbol('hidden');
    expect(() => {
      class Hidden {
        @OnClose()
        [name](): void {}
      }
      return Hidden;
    }).toThrow('@OnClose() on Symbol(hidden)');
  });

  it('an option that it does not have', () => {
    expect(() => ClientHandlers({ concurency: 2 } as object)).toThrow('Did you mean "concurrency"?');
  });
});

describe('handlers are found', () => {
  it('in a class that is provided under another token, once', async () => {
    const seen: string[] = [];
    @ClientHandlers()
    class Aliased {
      @OnConnect()
      connected(): void {
        seen.push('connected');
      }
    }
    const { gateway } = await startWorker({
      providers: [
        { provide: 'token', useClass: Aliased },
        { provide: 'alias', useExisting: 'token' },
      ],
    });
    gateway.open(1);
    expect(seen).toEqual(['connected']);
  });

  it('in a base class, unless the method is overridden without a decorator', async () => {
    const seen: string[] = [];
    class Base {
      @OnConnect()
      connected(): void {
        seen.push(`connected to ${this.constructor.name}`);
      }
      @OnClose()
      left(): void {
        seen.push('left');
      }
    }
    @ClientHandlers()
    class Derived extends Base {
      override left(): void {
        seen.push('overridden');
      }
    }
    const { gateway } = await startWorker({ providers: [Derived] });
    gateway.open(1);
    gateway.close(1);
    expect(seen).toEqual(['connected to Derived']);
  });

  it('with every decorator of a method', async () => {
    const seen: number[] = [];
    @ClientHandlers()
    class Several {
      @OnConnect()
      @OnClose()
      @OnMessage('a')
      @OnMessage('b')
      count(): number {
        return seen.push(seen.length);
      }
    }
    const { gateway } = await startWorker({ providers: [Several] });
    gateway.open(1);
    gateway.say(1, 'a', null, 'x');
    gateway.say(1, 'b', null, 'y');
    gateway.close(1);
    expect(gateway.sent.map(({ message }) => message)).toEqual([
      '{"id":"x","data":2}',
      '{"id":"y","data":3}',
    ]);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('and all of a kind run in the order of modules, providers and methods', async () => {
    const seen: string[] = [];
    @ClientHandlers()
    class A {
      @OnConnect()
      one(): void {
        seen.push('A.one');
      }
      @OnConnect()
      async two(): Promise<void> {
        await Promise.resolve();
        seen.push('A.two');
      }
    }
    @ClientHandlers()
    class B {
      @OnConnect()
      three(): void {
        seen.push('B.three');
      }
    }
    const { gateway, strategy } = await startWorker({ providers: [A, B] });
    gateway.open(1);
    await strategy.close();
    expect(seen).toEqual(['A.one', 'A.two', 'B.three']);
  });
});

describe('a class that no module provides', () => {
  it('is named in a warning, once', async () => {
    @ClientHandlers()
    class Lost {
      @OnConnect()
      connected(): void {}
    }
    const { log } = await startWorker({ providers: [] });
    expect(log.having(`${Lost.name} has @ClientHandlers() and is no provider`)).toHaveLength(1);
    const second = await startWorker({ providers: [] });
    expect(second.log.having('is no provider')).toEqual([]);
  });

  it('is not the base of one that is provided', async () => {
    @ClientHandlers()
    class Base {
      @OnConnect()
      connected(): void {}
    }
    @ClientHandlers()
    class Derived extends Base {}
    const { log } = await startWorker({ providers: [Derived] });
    expect(log.having('is no provider')).toEqual([]);
  });
});
