import type { ModuleMetadata } from '@nestjs/common';
import { formatAddress } from '#protocol';
import { WorkerModule, WorkerStrategy } from '#worker';
import type { Environment } from '../../environment.js';
import type { Service } from '../../service.js';

/** @param content the application that the worker runs: modules to import, handler classes as providers */
export function workerService(
  { registers, secret, serialization }: Environment,
  { imports = [], providers = [] }: Pick<ModuleMetadata, 'imports' | 'providers'>,
): Service {
  class WorkerAppModule {}
  const connection = { registers: registers.map(formatAddress), secret, serialization };
  return {
    module: { module: WorkerAppModule, imports: [WorkerModule.forRoot(connection), ...imports], providers },
    strategy: WorkerStrategy,
  };
}
