import {
  BadRequestException,
  Catch,
  ConflictException,
  HttpException,
  UseFilters,
  type ExceptionFilter,
} from '@nestjs/common';
import { BaseRpcExceptionFilter, RpcException } from '@nestjs/microservices';
import { concat, EMPTY, of, throwError, timer } from 'rxjs';
import { afterEach, describe, expect, it } from 'vitest';

import { InvalidArgumentError } from '#protocol';

import { ClientHandlers, OnMessage, Payload } from './index.js';
import { LoopbackGateway } from './test/loopback-gateway.js';
import { closeWorkers, startWorker, type TestWorker } from './test/start-worker.js';

afterEach(closeWorkers);

/** A worker with one event `go`, whose handler does that. */
async function workerThat(go: (data: unknown) => unknown): Promise<TestWorker> {
  @ClientHandlers()
  class Handlers {
    @OnMessage('go')
    go(@Payload() data: unknown): unknown {
      return go(data);
    }
  }
  return startWorker({ providers: [Handlers] });
}

async function answerTo(go: (data: unknown) => unknown): Promise<unknown> {
  const { gateway } = await workerThat(go);
  gateway.say(1, 'go', 'in', 'x');
  return gateway.nextReply();
}

class Later {
  constructor(private readonly value: string) {}
  // oxlint-disable-next-line unicorn/no-thenable -- what query builders and old promise libraries return
  then(done: (value: string) => void): void {
    done(this.value);
  }
}

class Circle {
  readonly self = this;
}

describe('what a handler returns is the answer to the id', () => {
  it.each([
    ['a value', () => ({ n: 1 }), { n: 1 }],
    ['nothing, as null', () => undefined, null],
    ['what JSON has no word for, as null', () => () => 1, null],
    ['a promise', () => Promise.resolve([1]), [1]],
    ['a thenable', () => new Later('later'), 'later'],
    ['the last value of an Observable', () => concat(of(1, 2), timer(1)).pipe(), 0],
    ['an Observable without values, as null', () => EMPTY, null],
    ['a promise of an Observable', () => Promise.resolve(of('a', 'b')), 'b'],
    ['false', () => false, false],
  ])('%s', async (_what, go, data) => {
    expect(await answerTo(go)).toEqual({ id: 'x', data });
  });

  it('a number or a string, and of the same type', async () => {
    const { gateway } = await workerThat((data) => data);
    gateway.say(1, 'go', 'a', 0);
    gateway.say(1, 'go', 'b', '0');
    gateway.say(1, 'go', 'c', '');
    expect(gateway.sent.map(({ message }) => message)).toEqual([
      '{"id":0,"data":"a"}',
      '{"id":"0","data":"b"}',
      '{"id":"","data":"c"}',
    ]);
  });

  it('to the client that asked, and to nobody without an id', async () => {
    const { gateway, strategy } = await workerThat((data) => data);
    gateway.say(1, 'go', 'a');
    gateway.text(1, '{"event":"go","id":null}');
    gateway.say(2, 'go', 'b', 1);
    expect(gateway.sent).toEqual([{ clientId: gateway.idOf(2), message: '{"id":1,"data":"b"}' }]);
    expect(strategy.stats.handled).toBe(3);
  });

  it('over raw TCP, too', async () => {
    const { gateway } = await workerThat((data) => data);
    gateway.receive(1, Buffer.from('{"event":"go","data":"ü","id":1}'));
    expect(await gateway.nextReply()).toEqual({ id: 1, data: 'ü' });
  });
});

describe('what a handler throws is the answer to the id', () => {
  const internal = { code: 'INTERNAL', message: 'Internal error' };
  it.each([
    [
      'an HttpException by its status',
      new ConflictException('taken'),
      { code: 'CONFLICT', message: 'taken' },
    ],
    [
      'the messages of a validation joined',
      new BadRequestException(['a is short', 'b is missing']),
      { code: 'BAD_REQUEST', message: 'a is short; b is missing' },
    ],
    [
      'the messages of a grouped validation joined',
      new BadRequestException({ message: { a: ['short', 'odd'], b: ['missing'] } }),
      { code: 'BAD_REQUEST', message: 'short; odd; missing' },
    ],
    [
      'a status without a name by its number',
      new HttpException('?', 499),
      { code: 'HTTP_499', message: '?' },
    ],
    [
      'the error code that the exception has',
      new ConflictException('taken', { errorCode: 'NAME_TAKEN' }),
      { code: 'NAME_TAKEN', message: 'taken' },
    ],
    [
      'not the text of an Error inside an HttpException',
      new HttpException(new Error('10.0.0.5 refused') as never, 503),
      { code: 'SERVICE_UNAVAILABLE', message: 'Service unavailable' },
    ],
    [
      'what is in an RpcException',
      new RpcException({ code: 'ROOM_FULL', message: 'no' }),
      { code: 'ROOM_FULL', message: 'no' },
    ],
    ['the text of an RpcException', new RpcException('no'), { code: 'ERROR', message: 'no' }],
    [
      'the code of one of our errors, without its text',
      new InvalidArgumentError('uid', 'names 10.0.0.5'),
      { code: 'ERR_NESTWIRE_INVALID_ARGUMENT', message: 'Internal error' },
    ],
    ['nothing of any other error', new Error('password is hunter2'), internal],
    ['nothing of what is no error', 'hunter2', internal],
  ])('%s', async (_what, thrown, error) => {
    const thrower = (): never => {
      throw thrown;
    };
    expect(await answerTo(thrower)).toEqual({ id: 'x', error });
    expect(await answerTo(async () => thrower())).toEqual({ id: 'x', error });
    expect(await answerTo(() => throwError(() => thrown))).toEqual({ id: 'x', error });
  });

  it('and is logged when it was not meant for the caller', async () => {
    const { gateway, log, strategy } = await workerThat((data) => {
      throw data === 'caller' ? new ConflictException('taken') : new Error('a bug');
    });
    gateway.say(1, 'go', 'caller');
    gateway.say(1, 'go', 'bug');
    expect(log.having('error ')).toEqual([
      `error Handlers.go failed for client ${gateway.idOf(1)} Error: a bug Worker`,
    ]);
    expect(strategy.stats).toMatchObject({ handled: 0, failed: 2 });
  });

  it.each([
    ['a cycle', () => new Circle()],
    ['a bigint', () => 1n],
  ])('%s in the result cannot be sent and is an error of ours', async (_what, go) => {
    const { gateway, strategy, log } = await workerThat(go);
    gateway.say(1, 'go', null, 1);
    expect(await gateway.nextReply()).toEqual({ id: 1, error: internal });
    expect(strategy.stats).toMatchObject({ handled: 0, failed: 1 });
    expect(log.having('error Handlers.go failed')).toHaveLength(1);
  });

  it('a reply that the api refuses is logged, and the next event is handled', async () => {
    class RefusingGateway extends LoopbackGateway {
      isRefusing = true;
      override sendToClient(clientId: string, message: string): void {
        if (this.isRefusing) throw new InvalidArgumentError('message', 'is too long');
        super.sendToClient(clientId, message);
      }
    }
    @ClientHandlers()
    class Handlers {
      @OnMessage('go')
      go(): void {}
    }
    const gateway = new RefusingGateway();
    const { log } = await startWorker({ providers: [Handlers], gateway });
    gateway.say(1, 'go', null, 1);
    expect(log.having('could not be answered')).toHaveLength(1);
    gateway.isRefusing = false;
    gateway.say(1, 'go', null, 2);
    expect(await gateway.nextReply()).toEqual({ id: 2, data: null });
  });
});

describe('what a filter returns', () => {
  class Oops extends Error {}

  async function answerWith(filter: ExceptionFilter): Promise<{ reply: unknown } & TestWorker> {
    @ClientHandlers()
    class Handlers {
      @OnMessage('go')
      @UseFilters(filter)
      go(): void {
        throw new Oops('inner');
      }
    }
    const worker = await startWorker({ providers: [Handlers] });
    worker.gateway.say(1, 'go', null, 1);
    return { ...worker, reply: await worker.gateway.nextReply() };
  }

  @Catch(Oops)
  class Filter implements ExceptionFilter {
    constructor(private readonly make: () => unknown) {}
    catch(): unknown {
      return this.make();
    }
  }

  it.each([
    [
      'an error, when it has code and message',
      () => ({ code: 'A', message: 'b', x: 1 }),
      { error: { code: 'A', message: 'b' } },
    ],
    ['data, when it is anything else', () => ({ ok: true }), { data: { ok: true } }],
    ['the same, from a promise', () => Promise.resolve(null), { data: null }],
    ['the same, from an Observable', () => of('o'), { data: 'o' }],
    [
      'the error of an Observable that fails with a plain object',
      () => throwError(() => ({ status: 'error', message: 'm' })),
      { error: { code: 'error', message: 'm' } },
    ],
    [
      "the exception's own error, when it is nothing",
      () => undefined,
      { error: { code: 'INTERNAL', message: 'Internal error' } },
    ],
  ])('is %s', async (_what, make, told) => {
    const { reply, strategy, log } = await answerWith(new Filter(make));
    expect(reply).toEqual({ id: 1, ...told });
    expect(strategy.stats).toMatchObject({ handled: 1, failed: 0 });
    expect(log.having('error ')).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new ConflictException('second');
      },
    ],
    ['rejects', () => Promise.reject(new ConflictException('second'))],
  ])('is replaced by what it %s', async (_what, make) => {
    const { reply, strategy } = await answerWith(new Filter(make));
    expect(reply).toEqual({ id: 1, error: { code: 'CONFLICT', message: 'second' } });
    expect(strategy.stats).toMatchObject({ handled: 0, failed: 1 });
  });

  it.each([
    ['at once', (value: object) => value],
    ['later', (value: object) => Promise.resolve(value)],
  ])(
    'may fail when it is looked at, %s: the caller and the next event do not suffer',
    async (_when, come) => {
      const broken = {
        get code(): string {
          throw new Error('getter');
        },
      };
      @ClientHandlers()
      class Handlers {
        @OnMessage('go')
        @UseFilters(new Filter(() => come(broken)))
        async go(): Promise<void> {
          await Promise.resolve();
          throw new Oops('inner');
        }
        @OnMessage('next')
        next(): string {
          return 'next';
        }
      }
      const { gateway, strategy, log } = await startWorker({ providers: [Handlers] });
      gateway.say(1, 'go', null, 1);
      gateway.say(1, 'go', null, 2);
      gateway.say(1, 'next', null, 3);
      const internal = { code: 'INTERNAL', message: 'Internal error' };
      expect(await gateway.nextReply()).toEqual({ id: 1, error: internal });
      expect(await gateway.nextReply()).toEqual({ id: 2, error: internal });
      expect(await gateway.nextReply()).toEqual({ id: 3, data: 'next' });
      expect(strategy.stats).toMatchObject({ handled: 1, failed: 2, waitingEvents: 0, waitingBytes: 0 });
      expect(log.having('error What Handlers.go gave')).toHaveLength(2);
    },
  );

  it("may come from Nest's own RPC filter", async () => {
    @Catch(Oops)
    class Translating extends BaseRpcExceptionFilter {
      override catch(_error: never, host: never) {
        return super.catch(new RpcException({ code: 'TRANSLATED', message: 'm' }), host);
      }
    }
    const { reply } = await answerWith(new Translating());
    expect(reply).toEqual({ id: 1, error: { code: 'TRANSLATED', message: 'm' } });
  });
});

describe('a promise with a `then` of its own', () => {
  class Hostile extends Promise<unknown> {
    // oxlint-disable-next-line unicorn/no-thenable -- what it is about
    override then(): never {
      throw new Error('not like that');
    }
  }

  it('that throws is a failure, and its event is done with once', async () => {
    const { gateway, strategy } = await workerThat(() => new Hostile(() => undefined));
    gateway.say(1, 'go', null, 1);
    expect(await gateway.nextReply()).toMatchObject({ id: 1, error: { code: 'INTERNAL' } });
    expect(strategy.stats).toMatchObject({ failed: 1, waitingEvents: 0 });
    expect(gateway.source.acknowledged).toEqual([1]);
  });
});
