import { chatContent, chatPage } from '../../chat/src/chat.content.js';
import { workerProcesses } from '../../processes.js';
import { runServices } from '../../service.js';
import { workerService } from './worker.service.js';

await runServices((environment) => ({
  start:
    environment.processes > 1
      ? [{ groups: [workerProcesses(environment, import.meta.url)] }, chatPage(environment)]
      : [workerService(environment, chatContent(environment))],
}));
