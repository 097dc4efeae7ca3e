import { NestwireError } from '#protocol';
import { withVariableNames, type LogEnvironment } from './environment.js';
import { ServiceLogger } from './service-logger.js';

/**
 * The last line of a process that could not start, or not stop. An error of ours says what to do, and needs no stack trace to say it.
 */
export function writeFailure(error: unknown, environment: LogEnvironment): void {
  const remedy = error instanceof NestwireError ? withVariableNames(error.message) : undefined;
  if (environment.isJsonLog) {
    const logger = new ServiceLogger(environment);
    if (error instanceof NestwireError) logger.fatal(remedy, { name: error.name, code: error.code });
    else logger.fatal(error);
    return;
  }
  const text = error instanceof NestwireError ? `${error.name} [${error.code}]: ${remedy}` : error;
  process.stderr.write(`${text instanceof Error ? (text.stack ?? text.message) : String(text)}\n`);
}
