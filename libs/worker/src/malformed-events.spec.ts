import { UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';

import {
  Client,
  ClientContext,
  ClientEventContext,
  ClientHandlers,
  Ctx,
  OnClose,
  OnConnect,
  OnMessage,
  Session,
} from './index.js';
import { LoopbackGateway } from './test/loopback-gateway.js';
import { closeWorkers, startWorker } from './test/start-worker.js';
import { jsonSessionCodec, type SessionCodec } from '#protocol';

afterEach(closeWorkers);

const GARBAGE = Buffer.from('a:1:{oops');
const NOTHING = Buffer.alloc(0);

describe('an event that cannot be read', () => {
  it('fails the handlers that ask for its session, once in log and counters', async () => {
    const seen: string[] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage()
      asks(@Session() session: unknown): void {
        seen.push(`asks ${String(session)}`);
      }
      @OnMessage()
      asksToo(@Ctx() context: ClientEventContext): void {
        expect(() => context.session).toThrow(
          expect.objectContaining({ code: 'ERR_NESTWIRE_MALFORMED_EVENT' }),
        );
        seen.push('caught');
      }
      @OnMessage('go')
      doesNot(): string {
        seen.push('does not ask');
        return 'fine';
      }
    }
    const { gateway, strategy, log } = await startWorker({ providers: [Handlers] });
    gateway.say(1, 'go', null, 1, GARBAGE);
    expect(seen).toEqual(['caught', 'does not ask']);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: 'fine' });
    expect(strategy.stats).toMatchObject({ badEvents: 1, failed: 1, handled: 2 });
    expect(log.having('error ')).toHaveLength(1);
    expect(log.having(`The session in an event of client ${gateway.idOf(1)} cannot be read`)).toHaveLength(1);
  });

  it.each(['7', '"text"', 'true'])('is one whose session is %s', async (json) => {
    @ClientHandlers()
    class Handlers {
      @OnMessage('go')
      go(@Session() session: unknown): unknown {
        return session;
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(1, 'go', null, 1, Buffer.from(json));
    expect(await gateway.nextReply()).toMatchObject({
      id: 1,
      error: { code: 'ERR_NESTWIRE_MALFORMED_EVENT' },
    });
  });

  it.each([
    ['null', {}],
    ['[]', {}],
    ['["a"]', { 0: 'a' }],
    ['{"a":1}', { a: 1 }],
  ])('is not one whose session is %s', async (json, session) => {
    @ClientHandlers()
    class Handlers {
      @OnMessage('go')
      go(@Session() given: unknown): unknown {
        return given;
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(1, 'go', null, 1, Buffer.from(json));
    expect(await gateway.nextReply()).toEqual({ id: 1, data: session });
  });

  it('closes nobody but the client whose guard needed it', async () => {
    class Guard implements CanActivate {
      canActivate(host: ExecutionContext): boolean {
        return host.switchToRpc().getContext<ClientEventContext>().client.request?.path === '/';
      }
    }
    @ClientHandlers()
    class Handlers {
      @OnConnect()
      @UseGuards(Guard)
      connected(): void {}
    }
    const { gateway, strategy } = await startWorker({ providers: [Handlers] });
    gateway.open(1);
    gateway.deliver({ type: 'open', connectionId: 2, session: NOTHING, details: GARBAGE });
    gateway.open(3);
    expect(gateway.closed).toEqual([gateway.idOf(2)]);
    expect(strategy.stats).toMatchObject({ badEvents: 1, denied: 1, handled: 2 });
  });

  it('still lets @OnClose run, which may do without the details', async () => {
    const seen: string[] = [];
    @ClientHandlers()
    class Handlers {
      @OnClose()
      needsNothing(@Client() client: ClientContext): void {
        seen.push(client.id);
      }
      @OnClose()
      needsUid(@Client() client: ClientContext): void {
        seen.push(client.uid ?? 'none');
      }
    }
    const { gateway, strategy } = await startWorker({ providers: [Handlers] });
    gateway.deliver({ type: 'close', connectionId: 2, session: NOTHING, details: GARBAGE });
    expect(seen).toEqual([gateway.idOf(2)]);
    expect(strategy.stats).toMatchObject({ badEvents: 1, handled: 1, failed: 1 });
  });
});

describe('a session', () => {
  class CountingGateway extends LoopbackGateway {
    static decoded = 0;
    constructor() {
      const counting: SessionCodec = {
        ...jsonSessionCodec,
        decode: (bytes) => {
          CountingGateway.decoded++;
          return jsonSessionCodec.decode(bytes);
        },
      };
      super(counting);
    }
  }

  it('is read once an event, and only when somebody asks', async () => {
    @ClientHandlers()
    class Handlers {
      @OnMessage('asks')
      asks(@Session() all: unknown, @Session('a') one: unknown, @Ctx() context: ClientEventContext): unknown {
        return [all === context.session, one];
      }
      @OnMessage('does-not')
      doesNot(): void {}
    }
    const gateway = new CountingGateway();
    await startWorker({ providers: [Handlers], gateway });
    gateway.say(1, 'does-not', null, 1, { a: 1 });
    expect(CountingGateway.decoded).toBe(0);
    gateway.say(1, 'asks', null, 2, { a: 1 });
    expect(CountingGateway.decoded).toBe(1);
    expect(gateway.sent.at(-1)?.message).toBe('{"id":2,"data":[true,1]}');
  });
});
