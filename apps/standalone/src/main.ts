import { chatContent } from '../../chat/src/chat.content.js';
import { gatewayService } from '../../gateway/src/gateway.service.js';
import { registerService } from '../../register/src/register.service.js';
import { runServices } from '../../service.js';
import { workerService } from '../../worker/src/worker.service.js';

/** All three services in one process, with the chat: for trying Nestwire, and for developing on one machine. */
await runServices((environment) => {
  const register = registerService(environment);
  const gateway = gatewayService(environment);
  const worker = workerService(environment, chatContent(environment));
  return {
    start: [register, gateway, worker],
    // The gateway first, so that its clients' close events still find the worker.
    stop: [gateway, worker, register],
  };
});
