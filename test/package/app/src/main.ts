import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions, CustomTransportStrategy } from '@nestjs/microservices';
import {
  GatewayModule,
  GatewayStrategy,
  RegisterModule,
  RegisterStrategy,
  WorkerModule,
  WorkerStrategy,
} from 'nestwire';
import { GreetingHandlers } from './greeting.handlers.js';
import { GroupSizes } from './group-sizes.command.js';

const [, , role, register = '', listen = ''] = process.argv;
const secret = 'of the scratch application';

@Module({
  imports: [WorkerModule.forRoot({ registers: [register], secret })],
  providers: [GreetingHandlers],
})
class WorkerAppModule {}

const services: Readonly<Record<string, [DynamicModule | Type, Type<CustomTransportStrategy>]>> = {
  register: [RegisterModule.forRoot({ listen: register, secret }), RegisterStrategy],
  gateway: [
    GatewayModule.forRoot({
      lan: '127.0.0.1:0',
      registers: [register],
      secret,
      listen: [listen],
      commands: [GroupSizes],
    }),
    GatewayStrategy,
  ],
  worker: [WorkerAppModule, WorkerStrategy],
};

const [module, strategyClass] = services[role ?? ''] ?? [];
if (module === undefined || strategyClass === undefined) throw new Error(`There is no service "${role}"`);
const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(module, {
  inject: [strategyClass],
  useFactory: (strategy: CustomTransportStrategy) => ({ strategy }),
});
app.enableShutdownHooks();
await app.listen();
