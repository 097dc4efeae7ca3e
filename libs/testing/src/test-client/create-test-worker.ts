import type { INestMicroservice, LoggerService, ModuleMetadata } from '@nestjs/common';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { Test, TestingModuleBuilder, type TestingModule } from '@nestjs/testing';
import { GatewayPool, SESSION_CODEC } from '#api';
import { DEFAULT_GATEWAY_OPTIONS, type CustomCommand } from '#gateway';
import {
  InvalidOptionError,
  resolveOptions,
  wholeNumber,
  type OptionCheck,
  type OptionChecks,
  type SessionCodec,
} from '#protocol';
import { WorkerModule, WorkerStrategy, type WorkerModuleOptions } from '#worker';
import { NoWorkerError } from './errors.js';
import { importsModule } from './imports-module.js';
import { MemoryGateway } from './memory-gateway.js';
import { MemoryPool } from './memory-pool.js';
import { TestWorker } from './test-worker.js';

export interface TestWorkerOptions {
  /**
   * For `WorkerModule.forRoot`, where the modules under test do not import it themselves. Where they do, and with a testing
   * module, it must be left out.
   * @default {}
   */
  readonly worker: WorkerModuleOptions;
  /** The application's own commands, as the gateways have them. @default [] */
  readonly commands: readonly CustomCommand[];
  /** Largest message from or to a client. @default 1_048_576 (1 MiB) */
  readonly maxMessageBytes: number;
  /** Largest session. @default 65_536 (64 KiB) */
  readonly maxSessionBytes: number;
  /** Called before the application starts: for `app.useGlobalPipes(…)` and the like. @default nothing */
  readonly configure: (app: INestMicroservice) => void;
  /** Where the application logs. @default Nest's testing logger, which shows errors */
  readonly logger: LoggerService | undefined;
}

export const DEFAULT_TEST_WORKER_OPTIONS: TestWorkerOptions = {
  worker: {},
  commands: [],
  maxMessageBytes: DEFAULT_GATEWAY_OPTIONS.maxMessageBytes,
  maxSessionBytes: DEFAULT_GATEWAY_OPTIONS.maxSessionBytes,
  configure: () => undefined,
  logger: undefined,
};

const unchecked: OptionCheck = () => undefined;
const CHECKS: OptionChecks<TestWorkerOptions> = {
  worker: unchecked, // by the module that takes them
  commands: (value) => (Array.isArray(value) ? undefined : 'must be a list of custom commands.'),
  maxMessageBytes: wholeNumber(1),
  maxSessionBytes: wholeNumber(2),
  configure: (value) =>
    typeof value === 'function' ? undefined : 'must be a function that takes the application.',
  logger: unchecked,
};

/**
 * Starts a worker application with a gateway in memory instead of links, so that its handlers can be tested through everything that
 * surrounds them, in milliseconds and without a port. To be closed when the test is over.
 * ```ts
 * const worker = await createTestWorker({ imports: [ChatModule] });
 * const client = await worker.connect({ url: '/?token=abc' });
 * expect(await client.ask('say', { text: 'hi' })).toEqual({ at: expect.any(Number) });
 * ```
 * @param subject modules, or handler classes as providers; or `Test.createTestingModule({ imports: [WorkerModule.forRoot(), …] })` of
 * `@nestjs/testing` with what is overridden in it
 * @throws InvalidOptionError for an unknown or wrong option, NoWorkerError for a testing module without `WorkerModule`, and what
 * stops the application from starting
 */
export async function createTestWorker(
  subject: ModuleMetadata | TestingModuleBuilder,
  options: Partial<TestWorkerOptions> = {},
): Promise<TestWorker> {
  const resolved = resolveOptions('testWorker', DEFAULT_TEST_WORKER_OPTIONS, options, CHECKS);
  const builder = builderOf(subject, resolved.worker);
  if (resolved.logger !== undefined) builder.setLogger(resolved.logger);
  const pool = new MemoryPool();
  const module = await builder.overrideProvider(GatewayPool).useValue(pool.asGatewayPool).compile();
  const strategy = strategyOf(module);
  const gateway = new MemoryGateway(
    resolved,
    module.get<SessionCodec>(SESSION_CODEC, { strict: false }),
    (event, isRedelivered) => pool.deliver(event, isRedelivered),
  );
  pool.attach(gateway);
  const app = module.createNestMicroservice<{ strategy: CustomTransportStrategy }>({ strategy });
  try {
    resolved.configure(app);
    await app.listen();
  } catch (error) {
    await app.close();
    throw error;
  }
  return new TestWorker({ app, gateway, pool });
}

function builderOf(
  subject: ModuleMetadata | TestingModuleBuilder,
  worker: WorkerModuleOptions,
): TestingModuleBuilder {
  const isBuilder = subject instanceof TestingModuleBuilder;
  const imports = isBuilder ? [] : (subject.imports ?? []);
  if (!isBuilder && !importsModule(imports, WorkerModule)) {
    return Test.createTestingModule({ ...subject, imports: [WorkerModule.forRoot(worker), ...imports] });
  }
  if (Object.keys(worker).length > 0) {
    throw new InvalidOptionError(
      'testWorker.worker',
      'has no effect here. Give these options to WorkerModule.forRoot() in the module under test.',
    );
  }
  return isBuilder ? subject : Test.createTestingModule(subject);
}

function strategyOf(module: TestingModule): WorkerStrategy {
  try {
    return module.get(WorkerStrategy, { strict: false });
  } catch (cause) {
    throw new NoWorkerError('The testing module has no worker. Import WorkerModule.forRoot() in it.', {
      cause,
    });
  }
}
