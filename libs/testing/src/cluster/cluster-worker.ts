import type { INestMicroservice, LoggerService, ModuleMetadata } from '@nestjs/common';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { GatewayApi } from '#api';
import type { NodeAddress } from '#protocol';
import { RegisterMembership } from '#register';
import { WorkerModule, WorkerStrategy, type WorkerModuleOptions } from '#worker';
import type { FaultProxy, FaultProxyOptions } from '../fault-proxy.js';
import type { ClusterGateway } from './cluster-gateway.js';
import { cutOff, ProxiedMembership } from './proxied-membership.js';

export interface ClusterWorkerSetup {
  readonly name: string;
  readonly registerProxy: FaultProxy;
  readonly options: WorkerModuleOptions;
  readonly secret: string;
  readonly proxies: FaultProxyOptions;
  readonly logger: LoggerService | undefined;
  ended(worker: ClusterWorker): void;
}

/** One worker of a test cluster: a Nest application in this process, with a proxy before the register and one before each gateway. */
export class ClusterWorker {
  readonly name: string;
  /** Between it and the register. */
  readonly registerProxy: FaultProxy;
  readonly #setup: ClusterWorkerSetup;
  readonly #membership: ProxiedMembership;
  #app: INestMicroservice | undefined;
  #ending: Promise<void> | undefined;
  /** What it still does after it was killed, and nobody hears of. */
  #rest: Promise<void> | undefined;

  constructor(setup: ClusterWorkerSetup) {
    this.name = setup.name;
    this.registerProxy = setup.registerProxy;
    this.#setup = setup;
    const { registerProxy, secret, proxies } = setup;
    const membership = new RegisterMembership({ registers: [registerProxy.address], secret });
    this.#membership = new ProxiedMembership(membership, proxies);
  }

  get app(): INestMicroservice {
    if (this.#app === undefined) throw new TypeError('The worker has not started yet');
    return this.#app;
  }

  get api(): GatewayApi {
    return this.app.get(GatewayApi, { strict: false });
  }

  get strategy(): WorkerStrategy {
    return this.app.get(WorkerStrategy, { strict: false });
  }

  get isRunning(): boolean {
    return this.#ending === undefined;
  }

  /** Between it and a gateway. */
  linkTo(gateway: ClusterGateway): Promise<FaultProxy> {
    return this.proxyTo(gateway.address);
  }

  /** The same for one that listens there. */
  proxyTo(gateway: NodeAddress): Promise<FaultProxy> {
    return this.#membership.proxyTo(gateway);
  }

  async start(content: ModuleMetadata): Promise<void> {
    const { secret, options, logger } = this.#setup;
    const worker = WorkerModule.forRoot({ ...options, secret, membership: this.#membership });
    const builder = Test.createTestingModule({ ...content, imports: [worker, ...(content.imports ?? [])] });
    if (logger !== undefined) builder.setLogger(logger);
    const module = await builder.compile();
    const strategy = module.get(WorkerStrategy, { strict: false });
    this.#app = module.createNestMicroservice<{ strategy: CustomTransportStrategy }>({ strategy });
    await this.#app.listen();
  }

  /** Stops in order, as by SIGTERM. */
  async close(): Promise<void> {
    await this.#end(async () => this.#app?.close());
  }

  /**
   * Ends as by `kill -9`, for everybody else: its links are reset, and nothing that it still does reaches anyone. In this process its
   * handlers go on until `TestCluster.close`, which waits for them.
   */
  async kill(): Promise<void> {
    await this.#end(async () => {
      await Promise.all([cutOff(this.registerProxy), this.#membership.cutOff()]);
      this.#rest = this.#app?.close();
      this.#rest?.catch(() => undefined); // `dispose` says it
    });
  }

  /** For `TestCluster.close`: everything that is left of it. */
  async dispose(): Promise<void> {
    await this.close();
    await this.#rest;
    await this.#membership.closeProxies();
  }

  async #end(how: () => Promise<void>): Promise<void> {
    if (this.#ending === undefined) {
      this.#setup.ended(this);
      this.#ending = how();
    }
    await this.#ending;
  }
}
