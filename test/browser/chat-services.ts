import { inject } from 'vitest';
import { freePort } from '../../bench/suite/free-port.js';
import { ServiceProcess } from '../e2e/service-process.js';

const STARTED = /Nest microservice successfully started/;
const PAGE = /The chat is on (http:\S+)/;
const LINKED = /takes events.*\bworkers: 1/;

/** Register, gateway and the worker with the chat and its page: the built services, as processes. */
export class ChatServices {
  private constructor(
    readonly register: ServiceProcess,
    readonly gateway: ServiceProcess,
    readonly worker: ServiceProcess,
  ) {}

  static async start(): Promise<ChatServices> {
    const variables = {
      NESTWIRE_REGISTER: `127.0.0.1:${await freePort()}`,
      NESTWIRE_LAN: `127.0.0.1:${await freePort()}`,
      NESTWIRE_LISTEN: `ws://127.0.0.1:${await freePort()}`,
      NESTWIRE_PAGE: '127.0.0.1:0',
    };
    const [register, gateway, worker] = (['register', 'gateway', 'worker'] as const).map(
      (name) =>
        new ServiceProcess({
          name,
          folder: inject('checkout'),
          command: [process.execPath, '--enable-source-maps', `dist/apps/${name}/src/main.js`],
          variables,
          ready: STARTED,
        }),
    ) as [ServiceProcess, ServiceProcess, ServiceProcess];
    const services = new ChatServices(register, gateway, worker);
    try {
      await Promise.all([register.start(), gateway.start(), worker.start()]);
      await services.linked();
    } catch (error) {
      await services.close();
      throw error;
    }
    return services;
  }

  /** Where the page is, as the worker has said. */
  get url(): string {
    const line = this.worker.recentLines.find((text) => PAGE.test(text)) ?? '';
    return PAGE.exec(line)![1]!;
  }

  /** The gateway sends events to the worker. */
  async linked(): Promise<void> {
    const isLinked = (): boolean => this.gateway.recentLines.some((line) => LINKED.test(line));
    await this.gateway.until(isLinked, 'that it has a worker');
  }

  /** What no log may hold. */
  get complaints(): readonly string[] {
    return [this.register, this.gateway, this.worker].flatMap(({ complaints }) => complaints);
  }

  async close(): Promise<void> {
    const running = [this.gateway, this.worker, this.register].filter(({ isRunning }) => isRunning);
    await Promise.all(running.map((service) => service.stop()));
  }
}
