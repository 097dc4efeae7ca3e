import { ConfigurableModuleBuilder, Module, type DynamicModule, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { CustomCommand } from './commands/custom-command.js';
import { Gateway } from './gateway.js';
import type { GatewayOptions } from './gateway-options.js';
import { GatewayStrategy } from './gateway.strategy.js';

/** Custom commands may be given as classes too: they are made by Nest, so that they can inject what the module's imports export. */
export type GatewayModuleSettings = Partial<Omit<GatewayOptions, 'commands'>> & {
  readonly commands?: readonly (CustomCommand | Type<CustomCommand>)[];
};

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<GatewayModuleSettings>({ moduleName: 'NestwireGateway' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createGatewayOptions')
    .build();

/** What `GatewayModule.forRoot` takes. */
export type GatewayModuleOptions = typeof OPTIONS_TYPE;
/** What `GatewayModule.forRootAsync` takes. */
export type GatewayModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/** Provides `GatewayStrategy`, to hand to `createMicroservice`, and the `Gateway` behind it. */
@Module({
  providers: [
    {
      provide: GatewayStrategy,
      inject: [MODULE_OPTIONS_TOKEN, ModuleRef],
      useFactory: async (settings: GatewayModuleSettings, moduleRef: ModuleRef) => {
        const { commands = [], ...options } = settings;
        return new GatewayStrategy({
          ...options,
          commands: await Promise.all(commands.map((command) => instanceOf(command, moduleRef))),
        });
      },
    },
    {
      provide: Gateway,
      inject: [GatewayStrategy],
      useFactory: (strategy: GatewayStrategy) => strategy.gateway,
    },
  ],
  exports: [GatewayStrategy, Gateway],
})
export class GatewayModule extends ConfigurableModuleClass {
  /** @param settings what differs from the defaults */
  static override forRoot(settings: GatewayModuleOptions = {}): DynamicModule {
    return super.forRoot(settings);
  }
}

async function instanceOf(
  command: CustomCommand | Type<CustomCommand>,
  moduleRef: ModuleRef,
): Promise<CustomCommand> {
  return typeof command === 'function' ? moduleRef.create(command) : command;
}
