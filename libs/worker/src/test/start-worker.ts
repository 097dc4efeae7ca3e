import type { INestMicroservice, LoggerService, ModuleMetadata, Provider } from '@nestjs/common';
import {
  DiscoveryModule,
  DiscoveryService,
  ExternalContextCreator,
  MetadataScanner,
  ModuleRef,
  NestFactory,
} from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';

import { HandlerExplorer } from '../explore/handler-explorer.js';
import { resolveWorkerOptions, type WorkerOptions } from '../worker-options.js';
import { WorkerStrategy } from '../worker.strategy.js';
import { LoopbackGateway } from './loopback-gateway.js';

/** Keeps what the application logs. */
export class LogLines implements LoggerService {
  readonly lines: string[] = [];
  log = this.#keeper('log');
  warn = this.#keeper('warn');
  error = this.#keeper('error');
  debug = this.#keeper('debug');

  /** Lines of a level, or of all that contain the text. */
  having(text: string): string[] {
    return this.lines.filter((line) => line.includes(text));
  }

  #keeper(level: string): (message: unknown, ...rest: unknown[]) => void {
    return (message, ...rest) => void this.lines.push([level, message, ...rest].map(String).join(' '));
  }
}

export interface TestWorker {
  readonly app: INestMicroservice;
  readonly gateway: LoopbackGateway;
  readonly strategy: WorkerStrategy;
  readonly log: LogLines;
}

export interface TestWorkerSetup {
  readonly providers: Provider[];
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
  readonly controllers?: NonNullable<ModuleMetadata['controllers']>;
  readonly options?: Partial<WorkerOptions>;
  readonly gateway?: LoopbackGateway;
  /** As if Nest had moved the inner parts that the faster tiers use. */
  readonly hideInternals?: boolean;
  /** Global enhancers and the like. */
  readonly configure?: (app: INestMicroservice) => void;
}

const running: INestMicroservice[] = [];

/** A whole Nest application with our strategy on a loopback gateway, not listening yet. */
export async function createWorker(setup: TestWorkerSetup): Promise<TestWorker> {
  const gateway = setup.gateway ?? new LoopbackGateway();
  const log = new LogLines();
  const explorer: Provider = {
    provide: HandlerExplorer,
    inject: [DiscoveryService, MetadataScanner, ExternalContextCreator, ModuleRef],
    useFactory: (
      discovery: DiscoveryService,
      scanner: MetadataScanner,
      external: ExternalContextCreator,
      moduleRef: ModuleRef,
    ) =>
      new HandlerExplorer(
        discovery,
        scanner,
        setup.hideInternals ? publicPartOf(external) : external,
        moduleRef,
      ),
  };
  const strategy: Provider = {
    provide: WorkerStrategy,
    inject: [HandlerExplorer],
    useFactory: (made: HandlerExplorer) =>
      new WorkerStrategy({
        explorer: made,
        events: gateway,
        replies: gateway,
        codec: gateway.codec,
        options: resolveWorkerOptions(setup.options ?? {}),
      }),
  };
  const root = {
    module: class TestModule {},
    imports: [DiscoveryModule, ...(setup.imports ?? [])],
    controllers: setup.controllers ?? [],
    providers: [explorer, strategy, ...setup.providers],
  };
  const app = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(root, {
    inject: [WorkerStrategy],
    useFactory: (made: WorkerStrategy) => ({ strategy: made }),
    logger: log,
    abortOnError: false,
  });
  running.push(app);
  setup.configure?.(app);
  return { app, gateway, log, strategy: app.get(WorkerStrategy) };
}

export async function startWorker(setup: TestWorkerSetup): Promise<TestWorker> {
  const worker = await createWorker(setup);
  await worker.app.listen();
  return worker;
}

/** For `afterEach`. */
export async function closeWorkers(): Promise<void> {
  await Promise.all(running.splice(0).map((app) => app.close()));
}

function publicPartOf(external: ExternalContextCreator): ExternalContextCreator {
  const part: Pick<ExternalContextCreator, 'create' | 'getMetadata'> = {
    create: external.create.bind(external),
    getMetadata: external.getMetadata.bind(external),
  };
  return part as ExternalContextCreator;
}
