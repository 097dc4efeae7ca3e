import type { Gateway } from '#gateway';
import { chatContent } from '../../chat/src/chat.content.js';
import { gatewayService } from '../../gateway/src/gateway.service.js';
import { registerService } from '../../register/src/register.service.js';
import { runServices, type Service } from '../../service.js';
import { workerService } from '../../worker/src/worker.service.js';

/** All three services in one process, with the chat: for trying Nestwire, and for developing on one machine. */
await runServices((environment) => {
  let urls: readonly string[] = [];
  const register = registerService(environment);
  const gateway: Service = {
    ...gatewayService(environment),
    // Only now the ports are known that were asked for as 0.
    started: (app) => (urls = app.unwrap<Gateway>().urls),
  };
  const webSocketUrls = (): readonly string[] => urls.filter((url) => url.startsWith('ws:'));
  const worker = workerService(environment, chatContent(environment, webSocketUrls));
  return {
    start: [register, gateway, worker],
    // The gateway first, so that its clients' close events still find the worker.
    stop: [gateway, worker, register],
  };
});
