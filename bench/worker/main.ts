import { runServices } from '../../apps/service.js';
import { workerService } from '../../apps/worker/src/worker.service.js';
import { BenchHandlers } from './bench.handlers.js';
import { SayHandlers } from './say.handlers.js';

/** Apart, because a worker that has handlers of named events reads every message as an envelope first. */
const providers = process.argv[2] === 'validated' ? [SayHandlers] : [BenchHandlers];

await runServices((environment) => ({ start: [workerService(environment, { providers })] }));
