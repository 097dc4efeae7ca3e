import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { ClientEventContext, ClientHandlers, Ctx, OnMessage } from './index.js';
import { Stage } from './test/stage.js';
import { closeWorkers, startWorker } from './test/start-worker.js';

afterEach(closeWorkers);

describe('a handler that waits for a socket', () => {
  it('is not blamed for a standstill of the whole process: what has come meanwhile is read first', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [peer] = (await once(server, 'connection')) as [Socket];
    @ClientHandlers()
    class Handlers {
      @OnMessage('ask')
      async ask(): Promise<string> {
        const [data] = (await once(socket, 'data')) as [Buffer];
        return data.toString();
      }
    }
    const { gateway, strategy } = await startWorker({
      providers: [Handlers],
      options: { handlerTimeoutMs: 100 },
    });
    gateway.say(1, 'ask', null, 1);
    peer.write('answer');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200); // as SIGSTOP and SIGCONT
    expect(await gateway.nextReply()).toEqual({ id: 1, data: 'answer' });
    expect(strategy.stats).toMatchObject({ timedOut: 0, handled: 1 });
    socket.destroy();
    server.close();
  });
});

describe('a handler that does not settle in time', () => {
  it('is reported and counted, its caller is told, and the next event is handled', async () => {
    const stage = new Stage();
    @ClientHandlers()
    class Handlers {
      @OnMessage('hang')
      hang(): Promise<void> {
        return stage.play('hang');
      }
      @OnMessage('next')
      next(): string {
        return 'next';
      }
    }
    const { gateway, strategy, log } = await startWorker({
      providers: [Handlers],
      options: { handlerTimeoutMs: 20 },
    });
    gateway.say(1, 'hang', null, 1);
    gateway.say(1, 'next', null, 2);
    expect(await gateway.nextReply()).toEqual({
      id: 1,
      error: { code: 'TIMEOUT', message: 'The handler took too long' },
    });
    expect(await gateway.nextReply()).toEqual({ id: 2, data: 'next' });
    expect(strategy.stats).toMatchObject({ timedOut: 1, handled: 1, failed: 0 });
    expect(log.having('warn Handlers.hang has not settled in time')).toHaveLength(1);
    await stage.end('hang');
    expect(gateway.sent).toEqual([]); // the late result is dropped
    expect(strategy.stats).toMatchObject({ timedOut: 1, handled: 1 });
  });

  it('is logged when it fails after that, and the rest of its event has run', async () => {
    let fail = (_error: Error): void => undefined;
    const seen: string[] = [];
    @ClientHandlers()
    class Handlers {
      @OnMessage()
      hang(): Promise<void> {
        return new Promise((_resolve, reject) => (fail = reject));
      }
      @OnMessage('go')
      go(@Ctx() context: ClientEventContext): void {
        seen.push(context.client.id);
      }
    }
    const { gateway, strategy, log } = await startWorker({
      providers: [Handlers],
      options: { handlerTimeoutMs: 20 },
    });
    gateway.say(1, 'go', null, 1);
    expect(await gateway.nextReply()).toEqual({ id: 1, data: null });
    expect(seen).toEqual([gateway.idOf(1)]);
    fail(new Error('late'));
    await new Promise(setImmediate);
    expect(log.having('after its time was up')).toHaveLength(1);
    expect(strategy.stats).toMatchObject({ timedOut: 1, failed: 0 });
  });

  it('is waited for for ever with 0', async () => {
    const stage = new Stage();
    @ClientHandlers()
    class Handlers {
      @OnMessage('hang')
      hang(): Promise<void> {
        return stage.play('hang');
      }
    }
    const { gateway, strategy } = await startWorker({
      providers: [Handlers],
      options: { handlerTimeoutMs: 0 },
    });
    gateway.say(1, 'hang', null, 1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(gateway.sent).toEqual([]);
    await stage.end('hang');
    expect(await gateway.nextReply()).toEqual({ id: 1, data: null });
    expect(strategy.stats.timedOut).toBe(0);
  });
});
