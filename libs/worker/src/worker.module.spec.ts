import {
  Injectable,
  Module,
  Optional,
  UseGuards,
  type CanActivate,
  type DynamicModule,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { GatewayApi, GatewayPool } from '#api';
import { jsonSessionCodec } from '#protocol';

import {
  Client,
  ClientContext,
  ClientHandlers,
  OnClose,
  OnConnect,
  OnMessage,
  OnWorkerStart,
  OnWorkerStop,
  Payload,
  Session,
  WorkerModule,
  WorkerStrategy,
  type WorkerModuleOptions,
} from './index.js';
import { LanGateway } from './test/lan-gateway.js';
import { knownGateways } from './test/known-gateways.js';
import { LogLines } from './test/start-worker.js';

@Injectable()
class NoTcp implements CanActivate {
  canActivate(host: Parameters<CanActivate['canActivate']>[0]): boolean {
    return host.switchToRpc().getContext<{ client: ClientContext }>().client.kind !== 'tcp';
  }
}

@ClientHandlers()
class Chat {
  constructor(private readonly gateway: GatewayApi) {}

  @OnWorkerStart()
  start(): void {
    if (!(this.gateway instanceof GatewayApi)) throw new Error('not injected');
  }

  @OnConnect()
  @UseGuards(NoTcp)
  welcome(@Client() client: ClientContext): void {
    this.gateway.sendToClient(client.id, 'hello');
  }

  @OnMessage('say')
  async say(@Payload('text') text: string, @Session('name') name: string): Promise<string> {
    await new Promise(setImmediate);
    return `${name}: ${text}`;
  }

  @OnClose()
  left(@Client() client: ClientContext): void {
    this.gateway.sendToClient(client.id, 'never read');
  }

  @OnWorkerStop()
  stop(): void {
    this.gateway.sendToClient(`${this.gatewayKey}00000063`, 'farewell');
  }

  gatewayKey = '';
}

let gateway: LanGateway;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  gateway = await LanGateway.listen();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await gateway.close();
});

function options(): WorkerModuleOptions {
  const { address, key } = gateway;
  return {
    protocol: 'base',
    membership: knownGateways({ id: key, address, zone: '', features: 0 }),
    tags: ['chat'],
    handlerTimeoutMs: 5_000,
  };
}

async function start(
  worker: DynamicModule,
): Promise<{ app: Awaited<ReturnType<typeof create>>; strategy: WorkerStrategy }> {
  const app = await create(worker);
  app.get(Chat).gatewayKey = gateway.key;
  await app.listen();
  return { app, strategy: app.get(WorkerStrategy, { strict: false }) };
}

async function create(worker: DynamicModule) {
  @Module({ imports: [worker], providers: [Chat, NoTcp] })
  class AppModule {}
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(AppModule, {
    inject: [WorkerStrategy],
    useFactory: (strategy: WorkerStrategy) => ({ strategy }),
    logger: new LogLines(),
    abortOnError: false,
  });
  closing.push(() => app.close());
  return app;
}

const NOTHING = Buffer.alloc(0);

describe('a worker on a real link', () => {
  it.each([
    ['forRoot', () => WorkerModule.forRoot(options())],
    [
      'forRootAsync',
      () =>
        WorkerModule.forRootAsync({
          inject: [],
          useFactory: async () => {
            await Promise.resolve();
            return options();
          },
        }),
    ],
  ])('made by %s handles events and answers through GatewayApi', async (_name, module) => {
    const { app, strategy } = await start(module());
    expect(strategy.unwrap()).toBe(app.get(GatewayPool, { strict: false }));
    const session = jsonSessionCodec.encode({ name: 'Ann' });
    const data = Buffer.from('{"event":"say","data":{"text":"hi"},"id":1}');
    await gateway.send({ type: 'connect', connectionId: 6, session: NOTHING });
    await gateway.send({ type: 'message', connectionId: 7, session, opcode: 1, flags: 0x21, data });
    await gateway.until(() => gateway.commands.some((command) => command.includes('sendToClient 7')));
    expect(gateway.commands).toEqual([
      'registerWorker ["chat"]',
      'closeClient 6 2', // denied by the guard
      'sendToClient 7 {"id":1,"data":"Ann: hi"}',
    ]);
    expect(strategy.stats).toMatchObject({ handled: 1, denied: 1 });
  });

  it('handles what is under way when it closes, and its last commands arrive', async () => {
    const { app } = await start(WorkerModule.forRoot(options()));
    const data = Buffer.from('{"event":"say","data":{"text":"last"},"id":2}');
    const sent = gateway.send({
      type: 'message',
      connectionId: 7,
      session: NOTHING,
      opcode: 1,
      flags: 0x21,
      data,
    });
    await sent;
    await app.close();
    expect(gateway.commands).toEqual([
      'registerWorker ["chat"]',
      'sendToClient 7 {"id":2,"data":"undefined: last"}',
      'sendToClient 99 farewell',
    ]);
  });
});

describe('the api', () => {
  @Injectable()
  class Elsewhere {
    constructor(@Optional() readonly gateway?: GatewayApi) {}
  }
  @Module({ providers: [Elsewhere] })
  class OtherModule {}

  it.each([
    [undefined, true],
    [true, true],
    [false, false],
  ])('with isGlobal %s is there for modules that do not import the worker: %s', async (isGlobal, isThere) => {
    const given = isGlobal === undefined ? {} : { isGlobal };
    const made = [
      WorkerModule.forRoot({ ...options(), ...given }),
      WorkerModule.forRootAsync({ ...given, useFactory: options }),
    ];
    for (const worker of made) {
      const app = await create({ module: class Both {}, imports: [worker, OtherModule], exports: [worker] });
      expect(app.get(Elsewhere, { strict: false }).gateway instanceof GatewayApi).toBe(isThere);
      expect(app.get(Chat)).toBeInstanceOf(Chat);
    }
  });
});

describe('the options', () => {
  it.each([
    [{ handlerTimeoutMS: 1 }, 'worker.handlerTimeoutMS', 'handlerTimeoutMs'],
    [{ questionTimeout: 1 }, 'worker.questionTimeout', 'questionTimeoutMs'],
    [{ handlerTimeoutMs: -1 }, 'worker.handlerTimeoutMs', 'from 0 to 2147483647'],
    [{ questionTimeoutMs: -1 }, 'api.questionTimeoutMs', 'from 0 to 2147483647'],
  ])('%j stop the application', async (wrong, option, hint) => {
    const made = create(WorkerModule.forRoot({ ...options(), ...wrong }));
    await expect(made).rejects.toMatchObject({ code: 'ERR_NESTWIRE_INVALID_OPTION', option });
    await expect(made).rejects.toThrow(hint);
  });
});
