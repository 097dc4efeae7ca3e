import type { Gateway } from '#gateway';
import { chatContent, chatPage } from '../../chat/src/chat.content.js';
import type { Environment } from '../../environment.js';
import { gatewayService } from '../../gateway/src/gateway.service.js';
import { gatewayProcesses, workerProcesses } from '../../processes.js';
import { registerService } from '../../register/src/register.service.js';
import { runServices, type Service, type Services } from '../../service.js';
import { workerService } from '../../worker/src/worker.service.js';

/** All three services at once, with the chat: for trying Nestwire, for developing, and for one machine. */
await runServices((environment) =>
  environment.processes > 1 ? severalProcesses(environment) : oneProcess(environment),
);

function oneProcess(environment: Environment): Services {
  let urls: readonly string[] = [];
  const register = registerService(environment);
  const gateway: Service = {
    ...gatewayService(environment),
    // Only now the ports are known that were asked for as 0.
    started: (app) => (urls = app.unwrap<Gateway>().urls),
  };
  const worker = workerService(
    environment,
    chatContent(environment, () => webSocketOnly(urls)),
  );
  return {
    start: [register, gateway, worker],
    // The gateway first, so that its clients' close events still find the worker.
    stop: [gateway, worker, register],
  };
}

/** Gateways and workers as processes of their own; the register and the page, of which there is one, in this process. */
function severalProcesses(environment: Environment): Services {
  let urls: readonly string[] = [];
  const mainOf = (app: string): string => new URL(`../../${app}/src/main.js`, import.meta.url).href;
  const groups = [
    gatewayProcesses(environment, mainOf('gateway'), (known) => (urls = known)),
    workerProcesses(environment, mainOf('worker')),
  ];
  const page = chatPage(environment, () => webSocketOnly(urls));
  return { start: [registerService(environment), { groups }, page] };
}

function webSocketOnly(urls: readonly string[]): readonly string[] {
  return urls.filter((url) => url.startsWith('ws:'));
}
