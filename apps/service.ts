import { ConsoleLogger, type INestMicroservice, type Type, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions, CustomTransportStrategy } from '@nestjs/microservices';
import { NestwireError } from '#protocol';
import { readEnvironment, withVariableNames, type Environment } from './environment.js';

/** One of the services that a process runs: a Nest microservice on a strategy of ours. */
export interface Service {
  readonly module: DynamicModule | Type;
  readonly strategy: Type<CustomTransportStrategy>;
  /** It runs. */
  readonly started?: (app: INestMicroservice) => void;
}

/** What a process runs, in the order in which it starts. */
export interface Services {
  readonly start: readonly Service[];
  /** The order in which they end; by default the reverse of `start`. */
  readonly stop?: readonly Service[];
}

/** Reads the environment, starts the services, and ends them in order when the process is told to. */
export async function runServices(servicesOf: (environment: Environment) => Services): Promise<void> {
  try {
    const environment = readEnvironment();
    const logger = new ServiceLogger({
      logLevels: environment.logLevels,
      json: environment.isJsonLog,
      flattenParams: true,
    });
    const services = servicesOf(environment);
    const apps = new Map<Service, INestMicroservice>();
    const stop = onceStopped(services, apps, logger);
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    for (const service of services.start) {
      const app = await createApp(service, logger);
      apps.set(service, app);
      await app.listen();
      service.started?.(app);
    }
  } catch (error) {
    fail(error);
  }
}

async function createApp({ module, strategy }: Service, logger: ConsoleLogger): Promise<INestMicroservice> {
  return NestFactory.createMicroservice<AsyncMicroserviceOptions>(module, {
    inject: [strategy],
    useFactory: (instance: CustomTransportStrategy) => ({ strategy: instance }),
    logger,
    // Otherwise Nest ends the process itself, with a stack trace instead of the remedy.
    abortOnError: false,
  });
}

function onceStopped(
  services: Services,
  apps: ReadonlyMap<Service, INestMicroservice>,
  logger: ConsoleLogger,
) {
  let isStopping = false;
  return (signal: NodeJS.Signals): void => {
    if (isStopping) return;
    isStopping = true;
    logger.log(`${signal}: stopping`, 'Nestwire');
    const order = services.stop ?? [...services.start].reverse();
    const stopAll = async (): Promise<void> => {
      for (const service of order) await apps.get(service)?.close();
    };
    stopAll().then(() => process.exit(0), fail);
  };
}

/** Why a start failed is told once, by `fail`, which leaves out the stack of an error that says what to do. */
class ServiceLogger extends ConsoleLogger {
  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) !== 'ExceptionHandler') super.error(message, ...rest);
  }
}

/** An error of ours says what to do, and needs no stack trace to say it. */
function fail(error: unknown): never {
  const text =
    error instanceof NestwireError
      ? `${error.name} [${error.code}]: ${withVariableNames(error.message)}`
      : error;
  process.stderr.write(`${text instanceof Error ? (text.stack ?? text.message) : String(text)}\n`);
  process.exit(1);
}
