import { chatContent } from '../../chat/src/chat.content.js';
import { runServices } from '../../service.js';
import { workerService } from './worker.service.js';

await runServices((environment) => ({ start: [workerService(environment, chatContent(environment))] }));
