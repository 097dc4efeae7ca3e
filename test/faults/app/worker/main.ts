import { runServices } from '../../../../apps/service.js';
import { formatAddress } from '#protocol';
import { WorkerModule, WorkerStrategy } from '../../../../src/index.js';
import { TestHandlers } from '../../../e2e/apps/worker/test.handlers.js';
import { answerProbes } from '../probe.js';
import { Journal } from './journal.js';
import { ScenarioHandlers } from './scenario.handlers.js';
import { SETTINGS, type WorkerSettings } from './settings.js';
import { workerProbe } from './worker-probe.js';

const settings = JSON.parse(process.argv[2]!) as WorkerSettings;

class ScenarioModule {}

/** A worker like any other, with options that the environment does not have, and handlers that write down what they see. */
await runServices(({ registers, secret }) => ({
  start: [
    {
      module: {
        module: ScenarioModule,
        imports: [
          WorkerModule.forRoot({
            registers: registers.map(formatAddress),
            secret,
            name: settings.name,
            ...settings.options,
          }),
        ],
        providers: [
          { provide: SETTINGS, useValue: settings },
          { provide: Journal, useValue: new Journal(settings.journal) },
          TestHandlers,
          ScenarioHandlers,
        ],
      },
      strategy: WorkerStrategy,
      started: (app) => answerProbes(() => workerProbe(app.get(WorkerStrategy))),
    },
  ],
}));
