import { ConfigurableModuleBuilder, Module, type DynamicModule } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';

import {
  API_OPTION_NAMES,
  GatewayApi,
  GatewayApiModule,
  GatewayPool,
  SESSION_CODEC,
  type GatewayApiOptions,
} from '#api';
import { closest, InvalidOptionError, type SessionCodec } from '#protocol';

import { HandlerExplorer } from './explore/handler-explorer.js';
import { DEFAULT_WORKER_OPTIONS, resolveWorkerOptions, type WorkerOptions } from './worker-options.js';
import { WorkerStrategy } from './worker.strategy.js';

type GivenOptions = Partial<WorkerOptions & GatewayApiOptions>;

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<GivenOptions>({ moduleName: 'NestwireWorker' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createWorkerOptions')
    // Of no meaning to the module that holds the options: it is passed on to the one of the api.
    .setExtras<{ isGlobal?: boolean }>({ isGlobal: true }, (definition) => definition)
    .build();

/** Those of the worker itself, and all of `GatewayApiModule`. */
export type WorkerModuleOptions = typeof OPTIONS_TYPE;

/** What `WorkerModule.forRootAsync` takes. */
export type WorkerModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/** Holds the options, so that worker and api can both be made of them, whether they come at once or later. */
@Module({ exports: [MODULE_OPTIONS_TOKEN] })
class WorkerOptionsModule extends ConfigurableModuleClass {}

/**
 * Everything a worker needs: `WorkerStrategy`, to be given to `createMicroservice`, and `GatewayApi` for every provider of
 * the application, or with `isGlobal: false` for those of the modules that import this one. An option that is unknown or wrong stops the application with an InvalidOptionError.
 */
@Module({})
export class WorkerModule {
  static forRoot(options: WorkerModuleOptions = {}): DynamicModule {
    return workerOf(WorkerOptionsModule.forRoot(options), options.isGlobal);
  }

  static forRootAsync(options: WorkerModuleAsyncOptions): DynamicModule {
    return workerOf(WorkerOptionsModule.forRootAsync(options), options.isGlobal);
  }
}

function workerOf(options: DynamicModule, isGlobal = true): DynamicModule {
  const api = GatewayApiModule.forRootAsync({
    isGlobal,
    imports: [options],
    inject: [MODULE_OPTIONS_TOKEN],
    useFactory: (given: GivenOptions) => splitOptions(given).api,
  });
  return {
    module: WorkerModule,
    imports: [DiscoveryModule, options, api],
    providers: [
      HandlerExplorer,
      {
        provide: WorkerStrategy,
        inject: [HandlerExplorer, GatewayPool, GatewayApi, SESSION_CODEC, MODULE_OPTIONS_TOKEN],
        useFactory: (
          explorer: HandlerExplorer,
          events: GatewayPool,
          replies: GatewayApi,
          codec: SessionCodec,
          given: GivenOptions,
        ) =>
          new WorkerStrategy({
            explorer,
            events,
            replies,
            codec,
            options: resolveWorkerOptions(splitOptions(given).worker),
          }),
      },
    ],
    exports: [WorkerStrategy, api],
  };
}

/** @throws InvalidOptionError for a name that neither the worker nor the api knows */
function splitOptions(given: GivenOptions): {
  worker: Partial<WorkerOptions>;
  api: Partial<GatewayApiOptions>;
} {
  const workerNames = Object.keys(DEFAULT_WORKER_OPTIONS);
  const known = [...workerNames, ...API_OPTION_NAMES];
  const entries = Object.entries(given);
  for (const [name] of entries) {
    if (!known.includes(name)) {
      const nearest = closest(name, known);
      throw new InvalidOptionError(`worker.${name}`, `is not known. Did you mean "${nearest}"?`);
    }
  }
  const isOurs = ([name]: [string, unknown]): boolean => workerNames.includes(name);
  return {
    worker: Object.fromEntries(entries.filter(isOurs)),
    api: Object.fromEntries(entries.filter((entry) => !isOurs(entry))),
  };
}
