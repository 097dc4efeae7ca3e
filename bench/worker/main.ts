import { runServices } from '../../apps/service.js';
import { workerService } from '../../apps/worker/src/worker.service.js';
import { BenchHandlers } from './bench.handlers.js';

await runServices((environment) => ({ start: [workerService(environment, { providers: [BenchHandlers] })] }));
