import type { INestMicroservice } from '@nestjs/common';
import type { Gateway } from '#gateway';
import { formatAddress } from '#protocol';
import type { RegisterServer } from '#register';
import type { ProcessGroupOptions } from '#supervisor';
import { chatContent, chatPage } from '../../chat/src/chat.content.js';
import type { Environment } from '../../environment.js';
import { gatewayService } from '../../gateway/src/gateway.service.js';
import { gatewayProcesses, workerProcesses } from '../../processes.js';
import { registerService } from '../../register/src/register.service.js';
import { runServices, type LateService, type Service, type Services } from '../../service.js';
import { workerService } from '../../worker/src/worker.service.js';

/** All three services at once, with the chat: for trying Nestwire, for developing, and for one machine. */
await runServices((environment) =>
  environment.processes > 1 ? severalProcesses(environment) : oneProcess(environment),
);

function oneProcess(given: Environment): Services {
  let urls: readonly string[] = [];
  const { register, known } = registerFor(given);
  const gateway: LateService = () => ({
    ...gatewayService(known()),
    // Only now the ports are known that were asked for as 0.
    started: (app) => (urls = app.unwrap<Gateway>().urls),
  });
  const worker: LateService = () =>
    workerService(
      known(),
      chatContent(given, () => webSocketOnly(urls)),
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
  const { register, known } = registerFor(environment);
  const mainOf = (app: string): string => new URL(`../../${app}/src/main.js`, import.meta.url).href;
  const groups = [
    gatewayProcesses(environment, mainOf('gateway'), (ofGateway) => (urls = ofGateway)),
    workerProcesses(environment, mainOf('worker')),
  ].map((group) => toldRegister(group, known));
  const page = chatPage(environment, () => webSocketOnly(urls));
  return { start: [register, { groups }, page] };
}

/** The register, and once it has started the environment of the others: with the port that it has, where it was asked to take a free one. */
function registerFor(given: Environment): { register: Service; known: () => Environment } {
  let known = given;
  const started = (app: INestMicroservice): void => {
    const { address } = app.unwrap<RegisterServer>();
    if (address !== undefined)
      known = { ...given, registers: given.registers.map(({ host }) => ({ host, port: address.port })) };
  };
  return { register: { ...registerService(given), started }, known: () => known };
}

function toldRegister(
  group: Partial<ProcessGroupOptions>,
  known: () => Environment,
): Partial<ProcessGroupOptions> {
  return {
    ...group,
    environmentOf: (place) => ({
      ...group.environmentOf?.(place),
      NESTWIRE_REGISTER: known().registers.map(formatAddress).join(','),
    }),
  };
}

function webSocketOnly(urls: readonly string[]): readonly string[] {
  return urls.filter((url) => url.startsWith('ws:'));
}
