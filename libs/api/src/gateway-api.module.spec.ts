import { Injectable, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from 'vitest';
import { formatAddress, phpSessionCodec, type SessionCodec } from '#protocol';
import { GatewayAnnouncer, RegisterServer, StaticMembership } from '#register';
import { silentLog } from '#link';
import { GatewayApiModule, SESSION_CODEC } from './gateway-api.module.js';
import { GatewayApi } from './gateway-api.js';
import { GatewayPool } from './gateway-pool.js';
import { gateway } from './test/pool-kit.js';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

@Injectable()
class Counter implements OnModuleInit {
  atInit: Promise<number> | undefined;

  constructor(readonly api: GatewayApi) {}

  onModuleInit(): void {
    this.atInit = this.api.getClientCount();
  }

  beforeApplicationShutdown(): void {
    this.api.sendToAll('before shutdown');
  }
}

/** Knows nothing of the api module: it is global. */
@Module({ providers: [Counter], exports: [Counter] })
class FeatureModule {}

async function contextOf(apiModule: ReturnType<typeof GatewayApiModule.forRoot>) {
  @Module({ imports: [apiModule, FeatureModule] })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  closers.push(() => app.close());
  return app;
}

describe('GatewayApiModule', () => {
  it('gives the api to any Nest application, found through a register, and serves hooks from first to last', async () => {
    Logger.overrideLogger(false);
    const node = await gateway({ getClientCount: () => 3 });
    const register = new RegisterServer({ listen: '127.0.0.1:0', secret: 's', protocol: 'base' }, silentLog);
    const registerAddress = await register.listen();
    closers.push(() => register.close());
    const announcer = new GatewayAnnouncer({
      registers: [registerAddress],
      secret: 's',
      protocol: 'base',
      address: node.address,
    });
    announcer.start();
    closers.push(() => announcer.close());

    const app = await contextOf(
      GatewayApiModule.forRootAsync({
        useFactory: () => ({
          registers: [formatAddress(registerAddress)],
          secret: 's',
          serialization: 'php',
        }),
      }),
    );
    await expect.poll(() => app.get(GatewayApi).gateways).toEqual([node.address]);
    expect(await app.get(GatewayApi).getClientCount()).toBe(3);
    expect(await app.get(Counter).atInit).toBeTypeOf('number');
    expect(app.get<SessionCodec>(SESSION_CODEC)).toBe(phpSessionCodec);
    await app.close();
    const messages = node.of('sendToAll').map(({ hex }) => Buffer.from(hex.slice(6), 'hex').toString());
    expect(messages).toContain('before shutdown');
    await node.until(() => node.links.length === 0);
  });

  it('is linked when the application is up', async () => {
    const node = await gateway({ getClientCount: () => 3 });
    const app = await contextOf(
      GatewayApiModule.forRoot({
        membership: new StaticMembership([node.address], 'base'),
        protocol: 'base',
        tags: ['t'],
      }),
    );
    expect(node.accepted).toBe(1);
    expect(await app.get(Counter).atInit).toBe(3);
    expect(app.get(GatewayPool).isReady).toBe(true);
  });

  it('stops the application at a wrong option, and says which', async () => {
    const options = { question: 5 } as object;
    await expect(contextOf(GatewayApiModule.forRoot(options))).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_INVALID_OPTION',
      option: 'api.question',
    });
  });

  it('can be kept from being global', async () => {
    await expect(
      contextOf(GatewayApiModule.forRoot({ membership: new StaticMembership([]), isGlobal: false })),
    ).rejects.toThrow(/GatewayApi/);
  });
});
