import { SupervisedProcess } from '#supervisor';
import { readEnvironment, readLogEnvironment, type Environment } from './environment.js';
import { RunningServices, type Services } from './running-services.js';
import { ServiceLogger } from './service-logger.js';
import { onHangUp, onStopSignal } from './signals.js';
import { writeFailure } from './start-failure.js';

export type { LateService, Processes, Service, Services } from './running-services.js';

/** Reads the environment, starts the services, and ends them in order when the process is told to. */
export async function runServices(servicesOf: (environment: Environment) => Services): Promise<void> {
  let running: RunningServices | undefined;
  try {
    const environment = readEnvironment();
    const logger = new ServiceLogger(environment);
    running = new RunningServices(servicesOf(environment), environment, logger);
    const supervised = takeSignals(running, environment, logger);
    await running.start();
    supervised?.ready(running.facts);
  } catch (error) {
    // Processes that were forked for it must not go on without this one.
    await running?.closeProcesses();
    fail(error);
  }
}

/** The one place in which this process hears that it should end. @returns what it is to its supervisor, if it has one */
function takeSignals(
  running: RunningServices,
  { supervised }: Environment,
  logger: ServiceLogger,
): SupervisedProcess | undefined {
  let isStopping = false;
  const stop = (reason: string): void => {
    if (isStopping) return;
    isStopping = true;
    logger.log(`${reason}: stopping`);
    running.close().then(() => process.exit(0), fail);
  };
  if (supervised !== undefined) {
    onHangUp(
      () =>
        logger.warn(
          'SIGHUP does nothing to a single process. To reload, send it to the supervisor, which has the pid ' +
            `${process.ppid}; to replace this process alone, send it a SIGTERM`,
        ),
      () => undefined, // the supervisor notices as well
    );
    return SupervisedProcess.join(stop);
  }
  onStopSignal(stop);
  if (running.hasProcesses) onHangUp(() => running.reload(), stop);
  return undefined;
}

function fail(error: unknown): never {
  writeFailure(error, readLogEnvironment()); // what is wrong may be the rest of the environment
  process.exit(1);
}
