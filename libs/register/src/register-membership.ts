import { codeFact, type GatewayEntry, type NodeAddress } from '#protocol';
import { isSameSet, uniqueAddresses, uniqueEntries } from './gateway-entries.js';
import type { Membership, MembershipListener } from './membership.js';
import {
  resolveRegisterClientOptions,
  type GivenRegisterClientOptions,
  type RegisterClientOptions,
} from './register-client-options.js';
import { RegisterClient } from './register-client.js';

/**
 * The gateways that the registers know: the union of their lists. Each list is taken as it is, also the empty one
 * of a register that has just restarted; it fills as the gateways come back, and meanwhile absence
 * only stops dialling. A register that is down keeps the last list it gave.
 */
export class RegisterMembership implements Membership {
  readonly #options: RegisterClientOptions;
  readonly #clients: readonly RegisterClient[];
  readonly #lists: (readonly GatewayEntry[] | undefined)[];
  readonly #listeners = new Set<MembershipListener>();
  #gateways: readonly GatewayEntry[] | undefined;

  /** @throws InvalidOptionError for an unknown name or a wrong value. */
  constructor(options: GivenRegisterClientOptions) {
    this.#options = resolveRegisterClientOptions(options);
    const registers = uniqueAddresses(this.#options.registers);
    this.#lists = registers.map(() => undefined);
    this.#clients = registers.map((register, index) => {
      const listed = (gateways: readonly GatewayEntry[]): void => this.#onList(index, gateways);
      return new RegisterClient(register, { role: 'worker', listed }, this.#options);
    });
  }

  get gateways(): readonly GatewayEntry[] | undefined {
    return this.#gateways;
  }

  /** Registers that have given us their list and keep it up to date. */
  get connectedRegisters(): number {
    return this.#clients.filter((client) => client.isConnected).length;
  }

  get refusedBy(): readonly NodeAddress[] {
    return this.#clients.filter((client) => client.isRefused).map(({ register }) => register);
  }

  subscribe(listener: MembershipListener): () => void {
    // A wrapper each, so that one function subscribed twice is two subscriptions.
    const subscription: MembershipListener = (gateways) => listener(gateways);
    this.#listeners.add(subscription);
    if (this.#gateways !== undefined) subscription(this.#gateways);
    return () => this.#listeners.delete(subscription);
  }

  start(): void {
    for (const client of this.#clients) client.start();
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  #onList(register: number, list: readonly GatewayEntry[]): void {
    this.#lists[register] = list;
    const union = uniqueEntries(this.#lists.flatMap((known) => known ?? []));
    if (this.#gateways !== undefined && isSameSet(this.#gateways, union)) return;
    this.#gateways = union;
    // Whoever subscribes meanwhile is told by `subscribe`, and whoever leaves meanwhile no more.
    const present = [...this.#listeners];
    for (const listener of present) if (this.#listeners.has(listener)) this.#tell(listener, union);
  }

  /** What one listener throws must neither end the register's link nor keep the news from the others. */
  #tell(listener: MembershipListener, gateways: readonly GatewayEntry[]): void {
    try {
      listener(gateways);
    } catch (error) {
      this.#options.log.error('A listener failed on a new list of gateways', {
        error,
        ...codeFact(error),
      });
    }
  }
}
