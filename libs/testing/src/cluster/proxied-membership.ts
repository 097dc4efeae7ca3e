import { formatAddress, type GatewayEntry, type NodeAddress } from '#protocol';
import type { Membership, MembershipListener } from '#register';
import { FaultProxy, type FaultProxyOptions } from '../fault-proxy.js';

/** Leads one node to each gateway through a proxy of its own: what the register lists, with other addresses. */
export class ProxiedMembership implements Membership {
  readonly #membership: Membership;
  readonly #options: FaultProxyOptions;
  /** By the gateway's address. */
  readonly #proxies = new Map<string, Promise<FaultProxy>>();
  readonly #listeners = new Set<MembershipListener>();
  readonly #leave: () => void;
  #isCutOff = false;
  #gateways: readonly GatewayEntry[] | undefined;
  #latest: readonly GatewayEntry[] | undefined;

  constructor(membership: Membership, options: FaultProxyOptions) {
    this.#membership = membership;
    this.#options = options;
    this.#leave = membership.subscribe((gateways) => void this.#onList(gateways));
  }

  get gateways(): readonly GatewayEntry[] | undefined {
    return this.#gateways;
  }

  subscribe(listener: MembershipListener): () => void {
    this.#listeners.add(listener);
    if (this.#gateways !== undefined) listener(this.#gateways);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#membership.start();
  }

  async close(): Promise<void> {
    this.#leave(); // a list that comes now would make proxies that nobody closes
    await this.#membership.close();
  }

  /** The one way to the gateway that listens there, also before it is listed. */
  async proxyTo(gateway: NodeAddress): Promise<FaultProxy> {
    const name = formatAddress(gateway);
    const made = this.#proxies.get(name) ?? FaultProxy.listen(gateway, this.#options);
    this.#proxies.set(name, made);
    const proxy = await made;
    if (this.#isCutOff) await proxy.refuse();
    return proxy;
  }

  /** Nothing goes over any of them any more, nor over those to gateways that are yet to come. */
  async cutOff(): Promise<void> {
    this.#isCutOff = true;
    await Promise.all([...this.#proxies.values()].map(async (made) => cutOff(await made)));
  }

  async closeProxies(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map(async (made) => (await made).close()));
  }

  async #onList(gateways: readonly GatewayEntry[]): Promise<void> {
    this.#latest = gateways;
    const proxied = await Promise.all(
      gateways.map(async (entry) => ({ ...entry, address: (await this.proxyTo(entry.address)).address })),
    );
    // A newer list has come while the proxies of this one were made.
    if (this.#latest !== gateways) return;
    this.#gateways = proxied;
    for (const listener of this.#listeners) listener(proxied);
  }
}

/** What a node that was killed looks like from outside: its connections are reset, and nobody answers any more. */
export async function cutOff(proxy: FaultProxy): Promise<void> {
  const refused = proxy.refuse();
  proxy.reset();
  await refused;
}
