import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { createServer } from 'node:net';
import { hostname } from 'node:os';

import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

import { GatewayApi } from '#api';
import { Gateway } from '#gateway';
import { silentLog } from '#link';
import { formatAddress, isLoopback } from '#protocol';
import { RegisterServer } from '#register';

import {
  Client,
  ClientContext,
  ClientHandlers,
  OnConnect,
  OnMessage,
  Payload,
  WorkerModule,
  WorkerStrategy,
} from './index.js';
import { LogLines } from './test/start-worker.js';

/** Needed where a host is a name: nobody knows who can reach it. */
const secret = 'of this test';

@ClientHandlers()
class Handlers {
  constructor(private readonly api: GatewayApi) {}

  @OnConnect()
  welcome(@Client() { id }: ClientContext): void {
    this.api.sendToClient(id, 'hello');
  }

  @OnMessage('count')
  async count(@Payload() by: number): Promise<number> {
    return by + (await this.api.getClientCount());
  }
}

/** Whether something can listen there. */
async function isOurs(host: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(0, host);
    await once(server, 'listening');
    server.close();
    return true;
  } catch {
    return false;
  }
}

/** A name other than localhost that leads to the loopback. */
async function nameOfLoopback(): Promise<string | undefined> {
  for (const name of [hostname(), 'ip6-localhost']) {
    const found = await lookup(name, { all: true }).catch(() => []);
    if (name !== 'localhost' && found.length > 0 && found.every(({ address }) => isLoopback(address))) {
      return name;
    }
  }
  return undefined;
}

/** A register, a gateway and a worker, each of which listens on that host, or finds the others by it. */
async function clusterOn(host: string) {
  const free = formatAddress({ host, port: 0 });
  const register = new RegisterServer({ listen: free, secret });
  const registers = [formatAddress(await register.listen())];
  onTestFinished(() => register.close());
  const gateway = new Gateway({ listen: [`ws://${free}`], lan: free, registers, secret }, silentLog);
  await gateway.listen();
  onTestFinished(() => gateway.close());
  const worker = WorkerModule.forRoot({ registers, secret });
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(
    { module: class AppModule {}, imports: [worker], providers: [Handlers] },
    {
      inject: [WorkerStrategy],
      useFactory: (strategy: WorkerStrategy) => ({ strategy }),
      logger: new LogLines(),
      abortOnError: false,
    },
  );
  await app.listen();
  onTestFinished(() => app.close());
  return { register, gateway, api: app.get(GatewayApi, { strict: false }) };
}

async function expectToServe(host: string): Promise<void> {
  const { register, gateway, api } = await clusterOn(host);
  // The register has told the worker that address, and it was dialled.
  await expect.poll(() => api.gateways).toEqual([{ host, port: gateway.address?.port }]);
  expect(register.gateways.map(({ address }) => address)).toEqual(api.gateways);

  const [url = ''] = gateway.urls;
  expect(new URL(url).hostname).toBe(host.includes(':') ? `[${host}]` : host);
  const received: string[] = [];
  const socket = new WebSocket(url);
  onTestFinished(() => socket.terminate());
  socket.on('message', (data: Buffer) => received.push(data.toString()));
  await once(socket, 'open');
  socket.send(JSON.stringify({ event: 'count', data: 41, id: 1 }));
  await expect.poll(() => received).toEqual(['hello', '{"id":1,"data":42}']);
}

it('a worker finds a gateway that announces an IPv6 address, handles its events and sends it commands', async ({
  skip,
}) => {
  skip(!(await isOurs('::1')), 'this machine has no IPv6 loopback');
  await expectToServe('::1');
});

it('a worker finds a gateway that announces a host name, handles its events and sends it commands', async ({
  skip,
}) => {
  const name = await nameOfLoopback();
  if (name === undefined) return skip('this machine has no name of its own for its loopback');
  await expectToServe(name);
});
