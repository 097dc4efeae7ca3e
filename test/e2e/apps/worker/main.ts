import { workerProcesses } from '../../../../apps/processes.js';
import { runServices } from '../../../../apps/service.js';
import { workerService } from '../../../../apps/worker/src/worker.service.js';
import { TestHandlers } from './test.handlers.js';

/** A worker like any other, with handlers that do what a test asks for. */
await runServices((environment) => ({
  start: [
    environment.processes > 1
      ? { groups: [workerProcesses(environment, import.meta.url)] }
      : workerService(environment, { providers: [TestHandlers] }),
  ],
}));
