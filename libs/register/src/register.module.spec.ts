import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InvalidOptionError, type GatewayEntry } from '#protocol';
import { RegisterModule, RegisterServer, RegisterStrategy, type RegisterOptions } from '#register';
import { RawPeer, until } from '../../../test/links/link-kit.js';
import {
  baseEntry,
  gatewayAddress,
  gatewayConnect,
  workerConnect,
} from '../../../test/links/register-kit.js';

const OPTIONS: Partial<RegisterOptions> = { listen: '127.0.0.1:0', secret: 's3cret', protocol: 'base' };

async function createRegister(module: Parameters<typeof NestFactory.createMicroservice>[0]) {
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(module, {
    inject: [RegisterStrategy],
    useFactory: (strategy: RegisterStrategy) => ({ strategy }),
    logger: false,
    abortOnError: false,
  });
  onTestFinished(() => app.close());
  return app;
}

describe('the register as a Nest microservice', () => {
  it('listens, tells its status and what it sees, and ends with the application', async () => {
    const app = await createRegister(RegisterModule.forRoot(OPTIONS));
    const statuses: string[] = [];
    app.status.subscribe((status) => statuses.push(status));
    const lists: (readonly GatewayEntry[])[] = [];
    const refusals: [string, string][] = [];
    app.on('gatewaysChanged', (gateways: readonly GatewayEntry[]) => lists.push(gateways));
    app.on('refused', (reason: string, peer: string) => refusals.push([reason, peer]));
    await app.listen();
    expect(statuses).toEqual(['listening']);

    const server = app.unwrap<RegisterServer>();
    expect(server).toBeInstanceOf(RegisterServer);
    expect(app.get(RegisterServer)).toBe(server);
    const gateway = await RawPeer.dial(server.address!);
    gateway.write(gatewayConnect(gatewayAddress(1)));
    await until(() => lists.length === 1, 'the gateway is told');
    expect(lists).toEqual([[baseEntry(gatewayAddress(1))]]);
    const stranger = await RawPeer.dial(server.address!);
    stranger.write(workerConnect('guess'));
    await stranger.ended();
    await until(() => refusals.length === 1, 'the refusal is told');
    expect(refusals).toEqual([['wrongSecret', `127.0.0.1:${stranger.socket.localPort}`]]);

    const strategy = app.get(RegisterStrategy);
    await app.close();
    await strategy.close();
    await gateway.ended();
    expect(statuses).toEqual(['listening', 'closed']);
  });

  it('takes its options from a factory', async () => {
    const app = await createRegister(
      RegisterModule.forRootAsync({ useFactory: async () => ({ ...OPTIONS, maxLinks: 1 }) }),
    );
    await app.listen();
    expect(app.unwrap<RegisterServer>().address?.port).toBeGreaterThan(0);
  });

  it('may be one module of several', async () => {
    @Module({ imports: [RegisterModule.forRoot(OPTIONS)] })
    class AppModule {}
    const app = await createRegister(AppModule);
    await app.listen();
    expect(app.get(RegisterServer, { strict: false }).address).toBeDefined();
  });

  it('does not start with a wrong option', async () => {
    await expect(createRegister(RegisterModule.forRoot({ listen: '0.0.0.0:0' }))).rejects.toThrow(
      InvalidOptionError,
    );
  });

  it('does not start on a port that is taken', async () => {
    const first = await createRegister(RegisterModule.forRoot(OPTIONS));
    await first.listen();
    const { port } = first.unwrap<RegisterServer>().address!;
    const second = await createRegister(RegisterModule.forRoot({ ...OPTIONS, listen: `127.0.0.1:${port}` }));
    await expect(second.listen()).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_LISTEN',
      option: 'register.listen',
    });
  });
});
