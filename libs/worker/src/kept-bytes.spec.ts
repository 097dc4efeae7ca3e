import { afterEach, describe, expect, it } from 'vitest';

import { Opcode } from '#protocol';

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
  type ClientSession,
} from './index.js';
import { Stage } from './test/stage.js';
import { closeWorkers, startWorker, type TestWorker } from './test/start-worker.js';

afterEach(closeWorkers);

/** Keeps everything it is given; each event waits until the test lets it go on. */
async function keeping(): Promise<TestWorker & { stage: Stage; kept: unknown[] }> {
  const stage = new Stage();
  const kept: unknown[] = [];

  @ClientHandlers()
  class Keeper {
    @OnConnect()
    async connected(@Client() client: ClientContext): Promise<void> {
      await stage.play('open');
      if (client.kind === 'ws') kept.push(client.request?.path, client.remoteAddress);
    }

    @OnMessage()
    async said(@Payload() message: string | Buffer, @Ctx() context: ClientEventContext): Promise<void> {
      const text = message.toString();
      await stage.play(text);
      kept.push(message, context.message, context.session);
    }

    @OnClose()
    async left(@Client() client: ClientContext, @Ctx() context: ClientEventContext): Promise<void> {
      await stage.play('close');
      kept.push(client.uid, client.groups, client.closeReason, context.session);
    }
  }
  return { ...(await startWorker({ providers: [Keeper] })), stage, kept };
}

// The gateway of these tests writes over the bytes of each event as soon as the worker has returned from the call with it, as
// the next read into the one buffer of all links does.
describe('what outlives the call with an event has bytes of its own', () => {
  it('of the upgrade request and of the close details, read after an await and after waiting', async () => {
    const { gateway, stage, kept } = await keeping();
    gateway.open(1, { path: '/chat' });
    gateway.close(1, {
      uid: 'ann',
      groups: ['a', 'b'],
      code: 1000,
      reason: 'done',
      session: { name: 'Ann' },
    });
    await stage.end('open');
    await stage.end('close');
    expect(kept).toEqual(['/chat', '10.1.2.3', 'ann', ['a', 'b'], 'done', { name: 'Ann' }]);
  });

  it.each([
    [
      'binary',
      (gateway: TestWorker['gateway'], text: string, session: unknown) =>
        gateway.frame(1, Opcode.Binary, Buffer.from(text), session),
    ],
    [
      'raw TCP',
      (gateway: TestWorker['gateway'], text: string, session: unknown) =>
        gateway.receive(1, Buffer.from(text), session),
    ],
  ])('of %s messages and their sessions, running and waiting', async (_kind, send) => {
    const { gateway, stage, kept } = await keeping();
    send(gateway, 'first', { number: 1, deep: { list: [1] } });
    send(gateway, 'second', { number: 2, deep: { list: [2] } });
    await stage.end('first');
    await stage.end('second');
    expect(kept).toEqual([
      Buffer.from('first'),
      Buffer.from('first'),
      { number: 1, deep: { list: [1] } },
      Buffer.from('second'),
      Buffer.from('second'),
      { number: 2, deep: { list: [2] } },
    ]);
  });

  it('of sessions that were given as values', async () => {
    const sessions: ClientSession[] = [];
    @ClientHandlers()
    class Direct {
      @OnMessage()
      said(@Session() session: ClientSession): void {
        sessions.push(session);
      }
    }
    const { gateway } = await startWorker({ providers: [Direct] });
    for (const name of ['Ann', 'Bob', 'Ann']) gateway.text(1, 'x', { name });
    expect(sessions).toEqual([{ name: 'Ann' }, { name: 'Bob' }, { name: 'Ann' }]);
  });
});
