import { randomBytes } from 'node:crypto';
import { LinkServer, LogThrottle, secretsOf, silentLog, type Link, type NodeLog } from '#link';
import { codeFact, formatAddress, isUnspecified, type GatewayEntry, type NodeAddress } from '#protocol';
import { BaseRegisterSide } from './base-register-side.js';
import { GatewayList } from './gateway-list.js';
import { NestwireRegisterSide } from './nestwire-register-side.js';
import { describeRefusal, refusalReasonOf, RegisterRefusedError, type RefusalReason } from './refusal.js';
import type { RegisterDesk, RegisterSide } from './register-desk.js';
import {
  resolveRegisterOptions,
  type RegisterOptions,
  type ResolvedRegisterOptions,
} from './register-options.js';

export interface RegisterStats {
  /** Gateways in the list, each counted once. */
  readonly gateways: number;
  readonly workers: number;
  /** Links that have not announced themselves yet. */
  readonly pending: number;
  /** Lists handed to workers since the start. */
  readonly listsSent: number;
  /** Links that the register ended since the start, by reason; a reason that never occurred is absent. */
  readonly refused: Readonly<Partial<Record<RefusalReason, number>>>;
}

/** Who else wants to know what the register knows. */
export interface RegisterObserver {
  gatewaysChanged?(gateways: readonly GatewayEntry[]): void;
  refused?(reason: RefusalReason, peer: string): void;
}

/**
 * Introduces gateways to workers, and is not on the message path. A gateway announces where it is reached, a worker
 * is told the full list of gateways, at once and at every change. What it knows are its links, so
 * that a restarted one knows everything again as soon as the nodes are back.
 */
export class RegisterServer {
  readonly #options: ResolvedRegisterOptions;
  readonly #server: LinkServer;
  readonly #side: RegisterSide;
  readonly #refusalLog = new LogThrottle();
  readonly #gateways = new GatewayList();
  readonly #gatewayLinks = new Map<Link, GatewayEntry>();
  /** Who wants the list, and what the log calls them. */
  readonly #workers = new Map<Link, string>();
  /** Workers whose list has changed in this turn of the event loop. */
  readonly #owedList = new Set<Link>();
  readonly #refused: Partial<Record<RefusalReason, number>> = {};
  #listsSent = 0;
  #address: NodeAddress | undefined;

  /** @throws InvalidOptionError for an unknown name, a wrong value, or an empty secret where others can reach the port. */
  constructor(
    options: Partial<RegisterOptions> = {},
    private readonly log: NodeLog = silentLog,
    private readonly observer: RegisterObserver = {},
  ) {
    this.#options = resolveRegisterOptions(options);
    this.#side = sideOf(this.#options, {
      connected: (link) => this.#onConnected(link),
      gatewayAnnounced: (link, gateway, name) => this.#onGateway(link, gateway, name),
      callerCame: (link, name) => this.#onCaller(link, name),
      closed: (link, reason) => this.#onClosed(link, reason),
    });
    this.#server = new LinkServer(this.#options.link, this.#side.handler, this.log);
  }

  /** Where it listens, with the port that it really has; undefined until `listen` has resolved. */
  get address(): NodeAddress | undefined {
    return this.#address;
  }

  /** The gateways announced now. */
  get gateways(): readonly GatewayEntry[] {
    return this.#gateways.entries();
  }

  get stats(): RegisterStats {
    return {
      gateways: this.#gateways.size,
      workers: this.#workers.size,
      pending: this.#server.links.size - this.#gatewayLinks.size - this.#workers.size,
      listsSent: this.#listsSent,
      refused: { ...this.#refused },
    };
  }

  /** @throws ListenError when the port cannot be taken. */
  async listen(): Promise<NodeAddress> {
    const address = await this.#server.listen(this.#options.address, 'register.listen');
    this.#address = address;
    this.log.log(`Register listens on ${formatAddress(address)}`);
    return address;
  }

  /** Ends all links and resolves when they are gone. The nodes go on with what they know. */
  async close(): Promise<void> {
    await this.#server.close();
  }

  #onConnected(link: Link): void {
    if (this.#server.links.size > this.#options.maxLinks) {
      link.destroy(new RegisterRefusedError(link.peer, 'tooManyLinks'));
    }
  }

  #onGateway(link: Link, gateway: GatewayEntry, name: string): void {
    const { host, port } = gateway.address;
    if (port === 0 || isUnspecified(host)) throw new RegisterRefusedError(link.peer, 'unreachableAddress');
    // In the base protocol the announcement is the handshake.
    if (link.state === 'handshaking') link.accept();
    this.#gatewayLinks.set(link, gateway);
    if (this.#gateways.add(gateway)) this.#onListChanged(`${describe(gateway)} is there`);
    else this.log.log(`${describe(gateway)} is announced by one more link, of ${name}`);
  }

  #onCaller(link: Link, name: string): void {
    this.#workers.set(link, name);
    this.#owe(link);
    this.log.log(`Worker ${name} is there, ${this.#census()}`);
  }

  #onClosed(link: Link, error: Error | undefined): void {
    const reason = refusalReasonOf(error);
    if (reason !== undefined) this.#countRefusal(link, reason, error);
    this.#owedList.delete(link);
    const worker = this.#workers.get(link);
    if (this.#workers.delete(link)) this.log.log(`Worker ${worker} is gone, ${this.#census()}`);
    const gateway = this.#gatewayLinks.get(link);
    if (gateway === undefined) return;
    this.#gatewayLinks.delete(link);
    if (this.#gateways.remove(gateway)) this.#onListChanged(`${describe(gateway)} is gone`);
  }

  #countRefusal(link: Link, reason: RefusalReason, error: Error | undefined): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
    this.#refusalLog.warn(this.log, reason, describeRefusal(link.peer, reason, error), {
      peer: link.peer,
      reason,
      ...codeFact(error),
    });
    this.observer.refused?.(reason, link.peer);
  }

  #onListChanged(what: string): void {
    this.log.log(`${what}, ${this.#census()}`);
    for (const worker of this.#workers.keys()) this.#owe(worker);
    this.observer.gatewaysChanged?.(this.gateways);
  }

  /** Lists go out at the end of the turn: a hundred gateways that come back at once make one list, not a hundred. */
  #owe(worker: Link): void {
    if (this.#owedList.size === 0) setImmediate(() => this.#pushLists());
    this.#owedList.add(worker);
  }

  #pushLists(): void {
    const payload = this.#side.list(this.gateways);
    for (const worker of this.#owedList) {
      if (worker.send((writer) => writer.bytes(payload))) this.#listsSent++;
    }
    this.#owedList.clear();
  }

  #census(): string {
    return `${counted(this.#gateways.size, 'gateway')} and ${counted(this.#workers.size, 'worker')} now`;
  }
}

function sideOf({ protocol, secret, name }: ResolvedRegisterOptions, desk: RegisterDesk): RegisterSide {
  const secrets = secretsOf(secret);
  if (protocol === 'base') return new BaseRegisterSide(secrets, desk);
  const session = randomBytes(16).toString('hex');
  // No batches: what goes over these links is too little to gain by them.
  const terms = { secrets, role: 'register', name, features: 0, session: () => session } as const;
  return new NestwireRegisterSide(terms, desk);
}

function describe({ id, address }: GatewayEntry): string {
  return `Gateway ${formatAddress(address)} (${id})`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
