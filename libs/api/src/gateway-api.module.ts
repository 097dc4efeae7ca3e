import {
  ConfigurableModuleBuilder,
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { sessionCodecOf, type SessionCodec } from '#protocol';
import { RegisterMembership } from '#register';
import { resolveApiOptions, type GatewayApiOptions, type ResolvedApiOptions } from './api-options.js';
import { GatewayApi } from './gateway-api.js';
import { GatewayPool } from './gateway-pool.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<Partial<GatewayApiOptions>>({ moduleName: 'NestwireGatewayApi' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createGatewayApiOptions')
    .setExtras({ isGlobal: true }, (definition, { isGlobal }) => ({ ...definition, global: isGlobal }))
    .build();

/** What `GatewayApiModule.forRoot` takes. */
export type GatewayApiModuleOptions = typeof OPTIONS_TYPE;
/** What `GatewayApiModule.forRootAsync` takes. */
export type GatewayApiModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/** Injects the `SessionCodec` in force: how the whole cluster writes its sessions. */
export const SESSION_CODEC = Symbol('nestwire.SessionCodec');

const RESOLVED_OPTIONS = Symbol('nestwire.ResolvedApiOptions');

function createPool(options: ResolvedApiOptions): GatewayPool {
  const { registers, serialization: _, membership, ...poolOptions } = options;
  const { protocol, secret, name, backoff } = options;
  const log = new Logger('GatewayApi');
  return new GatewayPool(
    membership ?? new RegisterMembership({ registers, protocol, secret, name, backoff, log }),
    { ...poolOptions, log },
  );
}

/**
 * Gives `GatewayApi` to any Nest application: a worker, an HTTP backend, a job, a command line tool. Global unless
 * `isGlobal: false`. It begins to connect when modules are initialized, and the application is up when it has connected or
 * `startTimeoutMs` is over. It works until `onApplicationShutdown`, so that every earlier hook can still send.
 */
@Module({
  providers: [
    {
      provide: RESOLVED_OPTIONS,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: (options: Partial<GatewayApiOptions>): ResolvedApiOptions => resolveApiOptions(options),
    },
    {
      provide: SESSION_CODEC,
      inject: [RESOLVED_OPTIONS],
      useFactory: ({ serialization }: ResolvedApiOptions): SessionCodec => sessionCodecOf(serialization),
    },
    { provide: GatewayPool, inject: [RESOLVED_OPTIONS], useFactory: createPool },
    {
      provide: GatewayApi,
      inject: [GatewayPool, SESSION_CODEC],
      useFactory: (pool: GatewayPool, codec: SessionCodec) => new GatewayApi(pool, codec),
    },
  ],
  exports: [GatewayApi, GatewayPool, SESSION_CODEC],
})
export class GatewayApiModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown
{
  /** @param options what differs from the defaults */
  static override forRoot(options: GatewayApiModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  constructor(@Inject(GatewayPool) private readonly pool: GatewayPool) {
    super();
  }

  /** Early, so that other modules' hooks can ask already; what fails is thrown at the bootstrap. */
  onModuleInit(): void {
    this.pool.start().catch(() => undefined);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.pool.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.close();
  }
}
