import type { LoggerService, ModuleMetadata } from '@nestjs/common';
import { type GatewayOptions } from '#gateway';
import { silentLog, type NodeLog } from '#link';
import { resolveOptions, text, wholeNumber, type OptionCheck, type OptionChecks } from '#protocol';
import type { WorkerModuleOptions } from '#worker';
import type { FaultProxy } from '../fault-proxy.js';
import { SeededRandom } from '../random.js';
import { ClusterGateway } from './cluster-gateway.js';
import { ClusterRegister } from './cluster-register.js';
import { ClusterWorker } from './cluster-worker.js';
import { until } from './until.js';

export interface TestClusterOptions {
  /** How many there are at the start. @default 1 */
  readonly gateways: number;
  /** For all gateways, but for where they listen to workers, and the register. @default {} */
  readonly gateway: Partial<Omit<GatewayOptions, 'lan' | 'advertise' | 'registers' | 'secret'>>;
  /** For all workers, but for where they find the gateways. @default {} */
  readonly worker: Omit<WorkerModuleOptions, 'membership' | 'registers' | 'secret'>;
  /** That all nodes share. @default '' */
  readonly secret: string;
  /** What the proxies draw their jitter from. @default a generator of its own */
  readonly random: SeededRandom;
  /** Where gateways log. @default silent */
  readonly log: NodeLog;
  /** Where workers log. @default Nest's testing logger, which shows errors */
  readonly logger: LoggerService | undefined;
}

const unchecked: OptionCheck = () => undefined;
const CHECKS: OptionChecks<TestClusterOptions> = {
  gateways: wholeNumber(0),
  gateway: unchecked, // by the gateway that takes them
  worker: unchecked, // by the module that takes them
  secret: text,
  random: (value) => (value instanceof SeededRandom ? undefined : 'must be a SeededRandom.'),
  log: unchecked,
  logger: unchecked,
};

/**
 * A register, gateways and workers in this process, on free ports of loopback, linked as in production, but that every way between
 * two of them leads through a FaultProxy.
 * ```ts
 * const cluster = await TestCluster.start({ gateways: 2 });
 * const worker = await cluster.addWorker({ providers: [RoomHandlers] });
 * const socket = new WebSocket(cluster.gateways[0].url);
 * (await worker.linkTo(cluster.gateways[0])).freeze();
 * await cluster.close();
 * ```
 */
export class TestCluster {
  readonly register: ClusterRegister;
  readonly #options: TestClusterOptions;
  readonly #gateways: ClusterGateway[] = [];
  readonly #workers: ClusterWorker[] = [];
  /** Also those that have ended: their proxies are closed with the cluster. */
  readonly #everyGateway: ClusterGateway[] = [];
  readonly #everyWorker: ClusterWorker[] = [];

  private constructor(options: TestClusterOptions) {
    this.#options = options;
    this.register = new ClusterRegister(options.secret, { random: options.random });
  }

  /** @throws InvalidOptionError for an unknown or wrong option; ListenError */
  static async start(given: Partial<TestClusterOptions> = {}): Promise<TestCluster> {
    const cluster = new TestCluster(resolveOptions('testCluster', defaults(), given, CHECKS));
    try {
      await cluster.register.start();
      for (let count = 0; count < cluster.#options.gateways; count++) await cluster.addGateway();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** Those that run, in the order in which they came. */
  get gateways(): readonly ClusterGateway[] {
    return this.#gateways;
  }

  /** Those that run, in the order in which they came. */
  get workers(): readonly ClusterWorker[] {
    return this.#workers;
  }

  /** Resolves when it takes clients; workers may not be linked to it yet: see `linked`. */
  async addGateway(options: TestClusterOptions['gateway'] = {}): Promise<ClusterGateway> {
    const { gateway: common, secret, random, log } = this.#options;
    const gateway = new ClusterGateway({
      registerProxy: await this.register.addProxy(),
      options: { ...common, ...options },
      secret,
      proxies: { random },
      log,
      linksTo: async (address) => Promise.all(this.#workers.map((worker) => worker.proxyTo(address))),
      ended: (ended) => remove(this.#gateways, ended),
    });
    this.#everyGateway.push(gateway);
    await gateway.start();
    this.#gateways.push(gateway);
    return gateway;
  }

  /**
   * Starts a worker application. Resolves when it takes events of all gateways that can be reached.
   * @param content its modules, or handler classes as providers; without `WorkerModule`, which the cluster adds
   */
  async addWorker(
    content: ModuleMetadata,
    options: TestClusterOptions['worker'] = {},
  ): Promise<ClusterWorker> {
    const { worker: common, secret, random, logger } = this.#options;
    const worker = new ClusterWorker({
      name: `worker ${this.#everyWorker.length + 1}`,
      registerProxy: await this.register.addProxy(),
      options: { ...common, ...options },
      secret,
      proxies: { random },
      logger,
      ended: (ended) => remove(this.#workers, ended),
    });
    this.#everyWorker.push(worker);
    this.#workers.push(worker);
    try {
      await worker.start(content);
    } catch (error) {
      await worker.close();
      throw error;
    }
    return worker;
  }

  /** Resolves when every gateway that runs sends events to every worker that runs. @throws ClusterTimeoutError */
  async linked(): Promise<void> {
    const counts = (): number[] => this.#gateways.map(({ gateway }) => gateway.workers.size);
    await until(
      () =>
        `${this.#gateways.length} gateways have ${this.#workers.length} workers each, not ${counts().join(', ')}`,
      () => counts().every((count) => count === this.#workers.length),
    );
  }

  /** The proxies of all ways between workers and gateways that run. */
  async links(): Promise<readonly FaultProxy[]> {
    const links = this.#workers.flatMap((worker) => this.#gateways.map((gateway) => worker.linkTo(gateway)));
    return Promise.all(links);
  }

  /** Heals what is left of faults and ends everything in order: gateways, workers, the register. */
  async close(): Promise<void> {
    await Promise.all((await this.#proxies()).map((proxy) => proxy.heal()));
    await Promise.all(this.#everyGateway.map((gateway) => gateway.dispose()));
    await Promise.all(this.#everyWorker.map((worker) => worker.dispose()));
    await this.register.dispose();
  }

  /** All that lead to nodes that run: those of others stay shut. */
  async #proxies(): Promise<readonly FaultProxy[]> {
    const own = [...this.#gateways, ...this.#workers].map(({ registerProxy }) => registerProxy);
    const ofClients = this.#gateways.flatMap(({ clientProxies }) => clientProxies);
    return [...(await this.links()), ...ofClients, ...(this.register.server === undefined ? [] : own)];
  }
}

function defaults(): TestClusterOptions {
  return {
    gateways: 1,
    gateway: {},
    worker: {},
    secret: '',
    random: new SeededRandom(),
    log: silentLog,
    logger: undefined,
  };
}

function remove<Item>(items: Item[], item: Item): void {
  const at = items.indexOf(item);
  if (at >= 0) items.splice(at, 1);
}
