import { Gateway, type GatewayOptions } from '#gateway';
import type { NodeLog } from '#link';
import type { NodeAddress } from '#protocol';
import { FaultProxy, type FaultProxyOptions } from '../fault-proxy.js';
import { addressOf } from './cluster-register.js';
import { cutOff } from './proxied-membership.js';

export interface ClusterGatewaySetup {
  readonly registerProxy: FaultProxy;
  readonly options: Partial<GatewayOptions>;
  readonly secret: string;
  readonly proxies: FaultProxyOptions;
  readonly log: NodeLog;
  /** The ways of all workers to it. */
  linksTo(gateway: NodeAddress): Promise<readonly FaultProxy[]>;
  ended(gateway: ClusterGateway): void;
}

/** One gateway of a test cluster, with a proxy before each of its listeners and one before the register. */
export class ClusterGateway {
  readonly gateway: Gateway;
  /** Between it and the register. */
  readonly registerProxy: FaultProxy;
  readonly #setup: ClusterGatewaySetup;
  readonly #clientProxies: FaultProxy[] = [];
  #urls: readonly string[] = [];
  #ending: Promise<void> | undefined;
  /** What it still does after it was killed, and nobody hears of. */
  #rest: Promise<void> | undefined;

  constructor(setup: ClusterGatewaySetup) {
    this.#setup = setup;
    this.registerProxy = setup.registerProxy;
    this.gateway = new Gateway(
      {
        listen: ['ws://127.0.0.1:0'],
        ...setup.options,
        lan: '127.0.0.1:0',
        registers: [addressOf(setup.registerProxy)],
        secret: setup.secret,
      },
      setup.log,
    );
  }

  /** Where clients connect, in the order of the option `listen`: each leads through a proxy. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  /** The first of them. */
  get url(): string {
    return this.#urls[0] ?? '';
  }

  /** Between clients and it, in the order of `urls`. */
  get clientProxies(): readonly FaultProxy[] {
    return this.#clientProxies;
  }

  get isRunning(): boolean {
    return this.#ending === undefined;
  }

  /** Where it listens for workers: without a proxy. */
  get address(): NodeAddress {
    const { address } = this.gateway;
    if (address === undefined) throw new TypeError('The gateway does not listen yet');
    return address;
  }

  async start(): Promise<void> {
    await this.gateway.listen();
    this.#urls = await Promise.all(this.gateway.urls.map((url) => this.#proxied(url)));
  }

  /** Stops in order: clients are told to come back, and workers get their close events. */
  async close(): Promise<void> {
    await this.#end(async () => this.gateway.close());
  }

  /** Ends as by `kill -9`: all its connections are reset, and nobody hears of its clients any more. */
  async kill(): Promise<void> {
    await this.#end(async () => {
      const links = await this.#setup.linksTo(this.address);
      await Promise.all([this.registerProxy, ...links, ...this.#clientProxies].map(cutOff));
      this.#rest = this.gateway.close();
      this.#rest.catch(() => undefined); // `dispose` says it
    });
  }

  /** For `TestCluster.close`: everything that is left of it. */
  async dispose(): Promise<void> {
    await this.close();
    await this.#rest;
    await Promise.all(this.#clientProxies.map((proxy) => proxy.close()));
  }

  async #end(how: () => Promise<void>): Promise<void> {
    if (this.#ending === undefined) {
      this.#setup.ended(this);
      this.#ending = how();
    }
    await this.#ending;
  }

  async #proxied(url: string): Promise<string> {
    const { protocol, hostname, port, pathname } = new URL(url);
    const proxy = await FaultProxy.listen({ host: hostname, port: Number(port) }, this.#setup.proxies);
    this.#clientProxies.push(proxy);
    return `${protocol}//${addressOf(proxy)}${pathname === '/' ? '' : pathname}`;
  }
}
