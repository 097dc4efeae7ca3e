import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { expect, it } from 'vitest';

import { GatewayApi } from '#api';

import { ClientHandlers, OnMessage, OnWorkerStop, WorkerModule, WorkerStrategy } from './index.js';
import { AcknowledgedGateway } from './test/acknowledged-gateway.js';
import { textEvent } from './test/bare-dispatcher.js';
import { knownGateways } from './test/known-gateways.js';
import { LogLines } from './test/start-worker.js';

const DRAIN_MS = 300;

let lastClient = '';

@ClientHandlers()
class HangingHandlers {
  constructor(private readonly api: GatewayApi) {}

  @OnMessage('hang')
  hang(): Promise<never> {
    return this.#hangAfter('handler');
  }
  @OnWorkerStop()
  first(): Promise<never> {
    return this.#hangAfter('first hook');
  }
  @OnWorkerStop()
  second(): Promise<never> {
    return this.#hangAfter('second hook');
  }
  @OnWorkerStop()
  third(): Promise<never> {
    return this.#hangAfter('third hook');
  }

  #hangAfter(text: string): Promise<never> {
    this.api.sendToClient(lastClient, text);
    return new Promise(() => undefined);
  }
}

it('a worker in which handlers and hooks hang has sent its last commands and is gone soon after its one deadline', async () => {
  const gateway = await AcknowledgedGateway.listen();
  lastClient = `${gateway.id}00000063`;
  const worker = WorkerModule.forRoot({
    membership: knownGateways(gateway.entry),
    drainTimeoutMs: DRAIN_MS,
  });
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(
    { module: class AppModule {}, imports: [worker], providers: [HangingHandlers] },
    {
      inject: [WorkerStrategy],
      useFactory: (strategy: WorkerStrategy) => ({ strategy }),
      logger: new LogLines(),
      abortOnError: false,
    },
  );
  await app.listen();
  await gateway.send(textEvent(1, JSON.stringify({ event: 'hang', id: 1 })));
  await gateway.untilNoted('sendToClient 99 handler');
  const begin = performance.now();
  await app.close();
  await gateway.untilNoted('closed');
  // With a deadline for each step it took four times as long.
  expect(performance.now() - begin).toBeLessThan(3 * DRAIN_MS);
  expect(gateway.notes.filter((note) => /^(sendToClient|acknowledge|closed)/.test(note))).toEqual([
    'sendToClient 99 handler',
    'sendToClient 99 first hook',
    'sendToClient 99 second hook',
    'sendToClient 99 third hook',
    'closed',
  ]);
  await gateway.close();
});
