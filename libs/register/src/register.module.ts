import { ConfigurableModuleBuilder, Module, type DynamicModule } from '@nestjs/common';
import type { RegisterOptions } from './register-options.js';
import { RegisterServer } from './register-server.js';
import { RegisterStrategy } from './register.strategy.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<Partial<RegisterOptions>>({ moduleName: 'NestwireRegister' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createRegisterOptions')
    .build();

/** What `RegisterModule.forRoot` takes. */
export type RegisterModuleOptions = typeof OPTIONS_TYPE;
/** What `RegisterModule.forRootAsync` takes. */
export type RegisterModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/** Provides `RegisterStrategy`, to hand to `createMicroservice`, and the `RegisterServer` behind it. */
@Module({
  providers: [
    {
      provide: RegisterStrategy,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: Partial<RegisterOptions>) => new RegisterStrategy(options),
    },
    {
      provide: RegisterServer,
      inject: [RegisterStrategy],
      useFactory: (strategy: RegisterStrategy) => strategy.server,
    },
  ],
  exports: [RegisterStrategy, RegisterServer],
})
export class RegisterModule extends ConfigurableModuleClass {
  /** @param options what differs from the defaults */
  static override forRoot(options: RegisterModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }
}
