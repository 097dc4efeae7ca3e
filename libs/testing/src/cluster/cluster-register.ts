import { formatAddress, type NodeAddress } from '#protocol';
import { RegisterServer } from '#register';
import { FaultProxy, type FaultProxyOptions } from '../fault-proxy.js';
import { cutOff } from './proxied-membership.js';

/** The register of a test cluster. Each node reaches it through a proxy of its own. */
export class ClusterRegister {
  readonly #options: FaultProxyOptions;
  readonly #secret: string;
  readonly #proxies: FaultProxy[] = [];
  readonly #former: Promise<void>[] = [];
  #server: RegisterServer | undefined;
  #address: NodeAddress | undefined;

  constructor(secret: string, options: FaultProxyOptions) {
    this.#secret = secret;
    this.#options = options;
  }

  /** Undefined while it is not there. */
  get server(): RegisterServer | undefined {
    return this.#server;
  }

  /** Starts it, also after `close` and `kill`: as a new one, which knows nobody. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = new RegisterServer({ listen: '127.0.0.1:0', secret: this.#secret });
    this.#server = server;
    this.#address = await server.listen();
    for (const proxy of this.#proxies) {
      proxy.target = this.#address;
      await proxy.accept();
    }
  }

  /** A way to it for one more node. */
  async addProxy(): Promise<FaultProxy> {
    const proxy = await FaultProxy.listen(this.#address, this.#options);
    if (this.#server === undefined) await proxy.refuse();
    this.#proxies.push(proxy);
    return proxy;
  }

  /** Ends in order. */
  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await server?.close();
    await Promise.all(this.#proxies.map((proxy) => proxy.refuse()));
  }

  /** Ends as by `kill -9`. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    await Promise.all(this.#proxies.map(cutOff));
    const closed = server.close();
    closed.catch(() => undefined); // `dispose` says it
    this.#former.push(closed);
  }

  /** Ends it for good, with the ways to it. */
  async dispose(): Promise<void> {
    await this.close();
    await Promise.all([...this.#former, ...this.#proxies.map((proxy) => proxy.close())]);
  }
}

export function addressOf(proxy: FaultProxy): string {
  return formatAddress(proxy.address);
}
