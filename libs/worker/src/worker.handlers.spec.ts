import { afterEach, describe, expect, it } from 'vitest';

import { Opcode, phpSessionCodec, type UpgradeRequest } from '#protocol';

import {
  Client,
  ClientContext,
  ClientEventContext,
  ClientHandlers,
  Ctx,
  OnClose,
  OnConnect,
  OnMessage,
  Payload,
  Session,
} from './index.js';
import { LoopbackGateway } from './test/loopback-gateway.js';
import { closeWorkers, startWorker } from './test/start-worker.js';

afterEach(closeWorkers);

describe('what handlers are given', () => {
  it('is the method metadata that the test compiler emits, too', () => {
    @ClientHandlers()
    class Handlers {
      @OnMessage('say')
      say(@Client() client: ClientContext, @Payload() text: string): void {
        void [client, text];
      }
    }
    expect(Reflect.getMetadata('design:paramtypes', Handlers.prototype, 'say')).toEqual([
      ClientContext,
      String,
    ]);
  });

  it('is id, kind, address and upgrade request when a WebSocket client connects', async () => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnConnect()
      connected(
        @Client() client: ClientContext,
        @Payload() payload: unknown,
        @Session() session: unknown,
      ): void {
        const request: UpgradeRequest | undefined = client.request;
        seen.push(client.id, client.kind, client.remoteAddress, client.remotePort, payload, session);
        seen.push(request?.path, request?.headers['x-token'], client.uid, client.groups);
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.open(5, { path: '/chat', headers: { 'x-token': 't' } });
    expect(seen).toEqual([
      gateway.idOf(5),
      'ws',
      '10.1.2.3',
      5555,
      undefined,
      {},
      '/chat',
      't',
      undefined,
      [],
    ]);
  });

  it('is a tcp client without address when a raw TCP client connects', async () => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnConnect()
      connected(@Client() client: ClientContext): void {
        seen.push(client.id, client.kind, client.remoteAddress, client.request);
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.connect(6);
    expect(seen).toEqual([gateway.idOf(6), 'tcp', undefined, undefined]);
  });

  it.each(['json', 'php'] as const)('is uid, groups and session of a client that left (%s)', async (name) => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnClose()
      left(
        @Client() client: ClientContext,
        @Session() session: { name: string },
        @Session('name') just: string,
      ): void {
        seen.push(client.kind, client.uid, client.groups, session, just);
        seen.push(client.closeCode, client.closeReason);
      }
    }
    const gateway = name === 'php' ? new LoopbackGateway(phpSessionCodec) : new LoopbackGateway();
    await startWorker({ providers: [Handlers], gateway });
    gateway.close(7, { uid: 'bö', groups: ['a', 'ü'], code: 1000, reason: 'bye', session: { name: 'Ann' } });
    const told = name === 'php' ? [undefined, undefined] : [1000, 'bye'];
    expect(seen).toEqual(['ws', 'bö', ['a', 'ü'], { name: 'Ann' }, 'Ann', ...told]);
  });

  it('is whether the event was at another worker before', async () => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnConnect()
      connected(@Client() client: ClientContext): void {
        seen.push(client.redelivered);
      }
      @OnMessage('say')
      said(@Client() client: ClientContext, @Payload() text: string): void {
        seen.push(client.redelivered, text);
      }
      @OnClose()
      left(@Client() client: ClientContext): void {
        seen.push(client.redelivered, client.uid);
      }
    }
    const { gateway, strategy } = await startWorker({ providers: [Handlers] });
    for (const isRedelivered of [false, true]) {
      gateway.redelivering(isRedelivered);
      gateway.open(1);
      gateway.connect(2);
      gateway.say(1, 'say', 'hi');
      gateway.receive(2, Buffer.from('{"event":"say","data":"ho"}'));
      gateway.close(1, { uid: 'ann' });
    }
    const first = [false, false, false, 'hi', false, 'ho', false, 'ann'];
    const again = [true, true, true, 'hi', true, 'ho', true, 'ann'];
    expect(seen).toEqual([...first, ...again]);
    expect(strategy.stats).toMatchObject({ redelivered: 5, acknowledged: 10 });
  });

  it('is a string for text and bytes of its own for everything else', async () => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage()
      any(@Payload() message: string | Buffer): void {
        seen.push(message);
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.text(1, 'grüße \n');
    gateway.frame(1, Opcode.Binary, Buffer.from([0, 255, 10]));
    gateway.receive(2, Buffer.from('raw'));
    // The receive buffer has been overwritten by now: what was kept is a copy.
    expect(seen).toEqual(['grüße \n', Buffer.from([0, 255, 10]), Buffer.from('raw')]);
  });

  it('is the context, which stays readable after the handler has returned', async () => {
    let kept: ClientEventContext | undefined;
    @ClientHandlers()
    class Handlers {
      @OnMessage('keep')
      keep(@Ctx() context: ClientEventContext): void {
        kept = context;
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(3, 'keep', { n: 1 }, 'id', { name: 'Ann' });
    expect(kept?.session).toEqual({ name: 'Ann' });
    expect(kept?.type).toBe('message');
    expect(kept?.envelope).toEqual({ event: 'keep', data: { n: 1 }, id: 'id' });
    expect(kept?.client).toBe(kept?.getArgByIndex(0));
  });

  it('is a session that cannot be written to by mistake', async () => {
    let kept: ClientEventContext | undefined;
    @ClientHandlers()
    class Handlers {
      @OnMessage()
      keep(@Ctx() context: ClientEventContext): void {
        kept = context;
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.text(3, 'x', { name: 'Ann' });
    expect(() => Object.assign(kept!.session, { name: 'Bob' })).toThrow(TypeError);
    expect(kept!.session).toBe(kept!.session);
  });

  it('is payload and context in a method without param decorators', async () => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage('plain')
      plain(data: unknown, context: ClientEventContext): void {
        seen.push(data, context.client.id);
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(3, 'plain', [1]);
    expect(seen).toEqual([[1], gateway.idOf(3)]);
  });

  it('is what stands at each decorated parameter, whatever their number and order', async () => {
    const seen: unknown[] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage('many')
      many(
        @Payload('a') a: number,
        @Client() client: ClientContext,
        none: unknown,
        @Session('s') s: number,
        @Payload() all: unknown,
      ): void {
        seen.push(a, client.id, none, s, all);
      }
      @OnMessage('one')
      one(@Payload('a') a: number): void {
        seen.push(a);
      }
    }
    const { gateway } = await startWorker({ providers: [Handlers] });
    gateway.say(3, 'many', { a: 1 }, undefined, { s: 2 });
    gateway.say(3, 'one', null);
    expect(seen).toEqual([1, gateway.idOf(3), undefined, 2, { a: 1 }, undefined]);
  });
});
