import { NestFactory } from '@nestjs/core';
import type { INestMicroservice } from '@nestjs/common';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { GatewayApi } from '#api';
import { jsonSessionCodec } from '#protocol';

import {
  Client,
  ClientContext,
  ClientHandlers,
  OnMessage,
  OnWorkerStop,
  Payload,
  Session,
  WorkerModule,
  WorkerStrategy,
} from './index.js';
import { AcknowledgedGateway } from './test/acknowledged-gateway.js';
import { textEvent } from './test/bare-dispatcher.js';
import { knownGateways } from './test/known-gateways.js';
import { Stage } from './test/stage.js';
import { LogLines } from './test/start-worker.js';

const stage = new Stage();

@ClientHandlers()
class Handlers {
  constructor(private readonly api: GatewayApi) {}

  @OnMessage('slow')
  async slow(@Payload() name: string, @Client() client: ClientContext): Promise<string> {
    await stage.play(name);
    return client.redelivered ? `${name} again` : name;
  }

  @OnMessage('count')
  count(@Session('count') count: number | undefined, @Client() { id }: ClientContext): number {
    const next = (count ?? 0) + 1;
    this.api.updateSession(id, { count: next });
    return next;
  }

  @OnWorkerStop()
  stop(): void {
    this.api.sendToClient(this.lastClient, 'farewell');
  }

  lastClient = '';
}

let gateway: AcknowledgedGateway;
let app: INestMicroservice;
let strategy: WorkerStrategy;

beforeEach(async () => {
  stage.lines.length = 0;
  gateway = await AcknowledgedGateway.listen();
  const worker = WorkerModule.forRoot({
    membership: knownGateways(gateway.entry),
    tags: ['chat'],
    maxWaitingBytes: 1_000_000,
    backoff: { minDelayMs: 10 },
  });
  app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(
    { module: class AppModule {}, imports: [worker], providers: [Handlers] },
    {
      inject: [WorkerStrategy],
      useFactory: (made: WorkerStrategy) => ({ strategy: made }),
      logger: new LogLines(),
      abortOnError: false,
    },
  );
  strategy = app.get(WorkerStrategy, { strict: false });
  app.get(Handlers).lastClient = `${gateway.id}00000063`;
  await app.listen();
  await gateway.untilNoted('takeEvents 1000000 ["chat"]');
});
afterEach(async () => {
  await app.close();
  await gateway.close();
});

function message(connectionId: number, event: string, data: unknown, id: number, session?: object) {
  const text = JSON.stringify({ event, data, id });
  return textEvent(connectionId, text, session && jsonSessionCodec.encode(session));
}

/** What has come since the worker said that it takes events. */
function notesSince(): string[] {
  const start = gateway.notes.findLastIndex((note) => note.startsWith('takeEvents'));
  return gateway.notes.slice(start + 1);
}

describe('a worker on a link of the extension', () => {
  it('acknowledges events behind what their handlers sent, and a slow one holds up no other', async () => {
    await gateway.send(message(1, 'slow', 'a', 1));
    await gateway.send(message(2, 'slow', 'b', 2));
    await gateway.send(message(3, 'nobody', null, 3));
    await gateway.untilNoted('acknowledge 3+1');
    await stage.end('b');
    await gateway.untilNoted('acknowledge 2+1');
    await stage.end('a');
    await gateway.untilNoted('acknowledge 1+1');
    expect(notesSince()).toEqual([
      'sendToClient 3 {"id":3,"error":{"code":"UNKNOWN_EVENT","message":"No handler takes this event"}}',
      'acknowledge 3+1',
      'sendToClient 2 {"id":2,"data":"b"}',
      'acknowledge 2+1',
      'sendToClient 1 {"id":1,"data":"a"}',
      'acknowledge 1+1',
    ]);
  });

  it('shows a handler what the ones before it wrote, until events bring it along', async () => {
    const session = { name: 'Ann', count: 5 };
    for (const id of [1, 2, 3]) await gateway.send(message(7, 'count', null, id, session));
    await gateway.until(() => notesSince().filter((note) => note.startsWith('sendToClient')).length === 3);
    const answers = notesSince().filter((note) => note.startsWith('sendToClient'));
    expect(answers).toEqual([6, 7, 8].map((data, at) => `sendToClient 7 {"id":${at + 1},"data":${data}}`));
    expect(strategy.stats.overlaidSessions).toBe(1);
    gateway.applySessions();
    await gateway.send(message(7, 'count', null, 4, { ...session, count: 20 })); // somebody else wrote
    await gateway.untilNoted('sendToClient 7 {"id":4,"data":21}');
    gateway.applySessions();
    await gateway.send(message(8, 'nobody', null, 5));
    await gateway.until(() => notesSince().some((note) => note.startsWith('sendToClient 8')));
    expect(strategy.stats.overlaidSessions).toBe(0);
  });

  it('lets go of a broken link, and links anew when nothing runs any more that came on it', async () => {
    await gateway.send(message(1, 'slow', 'a', 1));
    await gateway.send(message(1, 'slow', 'never', 2));
    await gateway.send(message(1, 'nobody', null, 3));
    await gateway.send(message(9, 'nobody', null, 4));
    await gateway.untilNoted('acknowledge 4+1');
    gateway.breakLink();
    await gateway.untilNoted('closed');
    while (strategy.stats.dropped === 0) await new Promise(setImmediate);
    expect(strategy.stats).toMatchObject({ dropped: 2, waitingEvents: 1 });
    await new Promise((resolve) => setTimeout(resolve, 100)); // it would have dialled by now
    expect(gateway.notes.at(-1)).toBe('closed');
    await stage.end('a');
    await gateway.untilNoted('takeEvents 1000000 ["chat"]', 2);
    await gateway.send(message(1, 'slow', 'a', 1), true);
    while (stage.lines.length < 3) await new Promise(setImmediate);
    await stage.end('a');
    await gateway.untilNoted('acknowledge 1+1');
    expect(stage.lines).toEqual(['+a', '-a', '+a', '-a']);
    expect(notesSince()).toEqual(['sendToClient 1 {"id":1,"data":"a again"}', 'acknowledge 1+1']);
    expect(strategy.stats).toMatchObject({ redelivered: 1, acknowledged: 2 });
  });

  it('leaves, finishes what it has, acknowledges it, and sends its last commands', async () => {
    await gateway.send(message(1, 'slow', 'a', 1));
    while (stage.lines.length === 0) await new Promise(setImmediate);
    const closed = app.close();
    await gateway.untilNoted('leave');
    await stage.end('a');
    await closed;
    expect(notesSince().filter((note) => note !== 'closed')).toEqual([
      'leave',
      'sendToClient 1 {"id":1,"data":"a"}',
      'acknowledge 1+1',
      'sendToClient 99 farewell',
    ]);
  });
});
