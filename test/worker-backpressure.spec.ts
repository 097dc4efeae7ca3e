import { Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StaticMembership } from '#register';
import { ClientHandlers, OnMessage, Payload, WorkerModule, WorkerStrategy } from '#worker';
import { WsClient } from '../libs/gateway/src/test/clients.js';
import { TestGateway } from '../libs/gateway/src/test/test-gateway.js';
import { until } from './links/link-kit.js';

const MiB = 1024 * 1024;
const MESSAGE_BYTES = 100_000;
const MAX_WAITING_BYTES = MiB;
/** One read of the socket that was under way, and the message that it completed. */
const MAX_OVERSHOOT_BYTES = 256 * 1024;
const OVERHEAD_BYTES = 512;

/** What the workers of a test have done, and whether their handlers may end. */
class Work {
  readonly started: number[] = [];
  isHeld = true;
  #release: (() => void)[] = [];

  async do(n: number): Promise<void> {
    this.started.push(n);
    if (this.isHeld) await new Promise<void>((resolve) => this.#release.push(resolve));
    else await new Promise((resolve) => setImmediate(resolve));
  }

  release(): void {
    this.isHeld = false;
    for (const resolve of this.#release.splice(0)) resolve();
  }
}

async function startWorker(node: TestGateway, work: Work): Promise<INestMicroservice> {
  @ClientHandlers()
  class Handlers {
    @OnMessage()
    message(@Payload() text: string): Promise<void> {
      return work.do(Number.parseInt(text, 10));
    }
  }
  const { address } = node.gateway;
  if (address === undefined) throw new Error('The gateway is not listening');
  const membership = new StaticMembership([address], 'base');
  @Module({
    imports: [WorkerModule.forRoot({ membership, protocol: 'base', maxWaitingBytes: MAX_WAITING_BYTES })],
    providers: [Handlers],
  })
  class AppModule {}
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(AppModule, {
    inject: [WorkerStrategy],
    useFactory: (strategy: WorkerStrategy) => ({ strategy }),
    logger: false,
  });
  onTestFinished(async () => {
    work.release();
    await app.close();
  });
  await app.listen();
  await until(() => node.gateway.workers.size === 1, 'the worker is linked');
  return app;
}

function startGateway(): Promise<TestGateway> {
  return TestGateway.start({
    pingIntervalMs: 0,
    parkedBytes: 256 * MiB,
    parkedClientBytes: 256 * MiB,
    link: { highWaterMarkBytes: MiB },
  });
}

/** Sends numbered messages until the gateway reads this client no more, and some. @returns how many */
async function flood(node: TestGateway, client: WsClient): Promise<number> {
  const [connection] = await node.connected(1);
  let count = 0;
  const send = (): void => client.send(`${count++} `.padEnd(MESSAGE_BYTES, '.'));
  while (!connection!.transport.isPaused) {
    if (count > 1_000) throw new Error('The gateway goes on reading: nothing holds the worker back');
    send();
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Now its own system fills up, too.
  while (client.socket.bufferedAmount < 20 * MESSAGE_BYTES) send();
  return count;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('a worker whose handlers are slower than a client that floods it', () => {
  it('keeps a bounded part of it, makes the client wait, and handles everything in order in the end', async () => {
    const node = await startGateway();
    const work = new Work();
    const app = await startWorker(node, work);
    const strategy = app.get(WorkerStrategy, { strict: false });
    const client = await WsClient.open(node.ws);
    const count = await flood(node, client);
    const bounded = (): void => {
      const { waitingEvents, waitingBytes } = strategy.stats;
      expect(waitingBytes).toBeLessThan(MAX_WAITING_BYTES + MAX_OVERSHOOT_BYTES);
      expect(waitingBytes).toBe(waitingEvents * (MESSAGE_BYTES + OVERHEAD_BYTES));
    };
    expect(strategy.stats.waitingBytes).toBeGreaterThan(MAX_WAITING_BYTES);
    expect(work.started).toEqual([0]);
    bounded();
    work.release();
    while (work.started.length < count) {
      bounded();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(work.started).toEqual(upTo(count));
    await until(() => strategy.stats.waitingEvents === 0, 'the last handler has ended');
    expect(strategy.stats.waitingBytes).toBe(0);
    const [connection] = await node.connected(1);
    expect(connection!.transport.isPaused).toBe(false);
    expect(client.closing).toBeUndefined();
  });

  it('loses nothing when it is told to stop meanwhile: the next worker goes on where it ended', async () => {
    const node = await startGateway();
    const work = new Work();
    const app = await startWorker(node, work);
    const client = await WsClient.open(node.ws);
    const count = await flood(node, client);
    const closed = app.close();
    await until(() => node.gateway.workers.size === 0, 'the gateway knows that it leaves');
    work.release();
    await closed;
    const handled = work.started.length;
    expect(handled).toBeGreaterThan(1);
    expect(handled).toBeLessThan(count);
    await startWorker(node, work);
    await until(() => work.started.length === count, 'the rest is handled');
    expect(work.started).toEqual(upTo(count));
  });
});
