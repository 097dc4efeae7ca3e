import { gatewayProcesses } from '../../processes.js';
import { runServices } from '../../service.js';
import { gatewayService } from './gateway.service.js';

await runServices((environment) => ({
  start: [
    environment.processes > 1
      ? { groups: [gatewayProcesses(environment, import.meta.url)] }
      : gatewayService(environment),
  ],
}));
