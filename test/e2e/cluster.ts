import { inject } from 'vitest';
import { freePort } from '../../bench/suite/free-port.js';
import { ServiceProcess, type ServiceSetup } from './service-process.js';

const STARTED = /Nest microservice successfully started/;
const CENSUS = /(\d+) gateways? and (\d+) workers? now/;
const REGISTER_NEWS = /\bRegister \S+ (is connected|is lost|cannot be reached|closed the link)/;
const WORKERS_OF_GATEWAY = /takes (?:no more )?events.*\bworkers: (\d+)/;

/** A gateway's process, and where its clients find it. */
export class GatewayProcess extends ServiceProcess {
  readonly ws: string;

  constructor(
    setup: ServiceSetup,
    wsPort: number,
    readonly tcpPort: number,
  ) {
    super(setup);
    this.ws = `ws://127.0.0.1:${wsPort}`;
  }

  /** How many workers it sends events to now. */
  get workers(): number {
    return lastNumbers(this.recentLines, WORKERS_OF_GATEWAY)[0] ?? 0;
  }

  /** It has announced itself, and was not turned away. */
  async knowsRegister(): Promise<void> {
    const news = (): string | undefined => this.recentLines.findLast((line) => REGISTER_NEWS.test(line));
    await this.until(() => news()?.includes('is connected') === true, 'that it is connected to the register');
  }

  async hasWorkers(count: number): Promise<void> {
    await this.until(() => this.workers === count, `that it has ${count} workers`);
  }
}

/**
 * The services of a cluster as processes on ports of their own, which they keep over restarts. For a spec file:
 * `beforeAll` creates and starts it, `afterAll` closes it.
 */
export class Cluster {
  readonly gateways: GatewayProcess[] = [];
  readonly workers: ServiceProcess[] = [];

  private constructor(
    readonly register: ServiceProcess,
    private readonly registerAddress: string,
  ) {}

  static async create(): Promise<Cluster> {
    const address = `127.0.0.1:${await freePort()}`;
    const variables = { NESTWIRE_REGISTER: address };
    const register = new ServiceProcess(builtService('register', 'apps/register/src/main.js', variables));
    return new Cluster(register, address);
  }

  /** The register and so many of the others, linked with each other. */
  static async start(gateways: number, workers: number): Promise<Cluster> {
    const cluster = await Cluster.create();
    try {
      for (let count = 0; count < gateways; count++) await cluster.addGateway();
      for (let count = 0; count < workers; count++) cluster.addWorker();
      await Promise.all(cluster.all.map((service) => service.start()));
      await cluster.linked();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  get all(): readonly ServiceProcess[] {
    return [this.register, ...this.gateways, ...this.workers];
  }

  /** Makes one more gateway, which is not started yet. */
  async addGateway(): Promise<GatewayProcess> {
    const [lan, ws, tcp] = [await freePort(), await freePort(), await freePort()];
    const variables = {
      NESTWIRE_REGISTER: this.registerAddress,
      NESTWIRE_LAN: `127.0.0.1:${lan}`,
      NESTWIRE_LISTEN: `ws://127.0.0.1:${ws},tcp://127.0.0.1:${tcp}?frame=newline`,
    };
    const name = `gateway ${this.gateways.length + 1}`;
    const gateway = new GatewayProcess(builtService(name, 'apps/gateway/src/main.js', variables), ws, tcp);
    this.gateways.push(gateway);
    return gateway;
  }

  /** Makes one more worker with the handlers of `test/e2e/apps/worker`, which is not started yet. */
  addWorker(): ServiceProcess {
    const name = `worker ${this.workers.length + 1}`;
    const variables = { NESTWIRE_REGISTER: this.registerAddress };
    const worker = new ServiceProcess(builtService(name, 'test/e2e/apps/worker/main.js', variables));
    this.workers.push(worker);
    return worker;
  }

  /** Every gateway that runs sends events to every worker that runs, and knows that it is registered. */
  async linked(): Promise<void> {
    const workers = this.workers.filter(({ isRunning }) => isRunning).length;
    const gateways = this.gateways.filter(({ isRunning }) => isRunning);
    await Promise.all(gateways.flatMap((gateway) => [gateway.hasWorkers(workers), gateway.knowsRegister()]));
  }

  /** The register knows so many. */
  async registered(gateways: number, workers: number): Promise<void> {
    const { register } = this;
    await register.until(
      () => lastNumbers(register.recentLines, CENSUS).join() === `${gateways},${workers}`,
      `${gateways} gateways and ${workers} workers`,
    );
  }

  /** What no log may hold, of all services over all their lives. */
  get complaints(): readonly string[] {
    return this.all.flatMap(({ complaints }) => complaints);
  }

  /** Tells all to stop. @returns the exit codes of those that ran */
  async close(): Promise<(number | null)[]> {
    const running = this.all.filter(({ isRunning }) => isRunning);
    return Promise.all(running.map((service) => service.stop()));
  }
}

function builtService(name: string, main: string, variables: Record<string, string>): ServiceSetup {
  const folder = inject('checkout');
  const command = [process.execPath, '--enable-source-maps', `dist/${main}`] as const;
  return { name, folder, command: [...command], variables, ready: STARTED };
}

/** The numbers in the last line that has such. */
function lastNumbers(lines: readonly string[], pattern: RegExp): number[] {
  const match = lines.findLast((line) => pattern.test(line))?.match(pattern);
  return (match ?? []).slice(1).map(Number);
}
