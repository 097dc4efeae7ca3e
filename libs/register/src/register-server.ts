import { LinkServer, silentLog, type Link, type NodeLog, LogThrottle } from '#link';
import {
  ByteWriter,
  formatAddress,
  isUnspecified,
  readRegisterMessage,
  writeRegisterMessage,
  type ByteReader,
  type NodeAddress,
} from '#protocol';
import { GatewayList } from './gateway-list.js';
import { describeRefusal, refusalReasonOf, RegisterRefusedError, type RefusalReason } from './refusal.js';
import {
  resolveRegisterOptions,
  type RegisterOptions,
  type ResolvedRegisterOptions,
} from './register-options.js';
import { SecretComparer } from './secret.js';

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
  gatewaysChanged?(gateways: readonly NodeAddress[]): void;
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
  readonly #secret: SecretComparer;
  readonly #refusalLog = new LogThrottle();
  readonly #gateways = new GatewayList();
  readonly #gatewayLinks = new Map<Link, NodeAddress>();
  readonly #workers = new Set<Link>();
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
    this.#secret = new SecretComparer(this.#options.secret);
    this.#server = new LinkServer(
      this.#options.link,
      {
        connected: (link) => this.#onConnected(link),
        frame: (payload, link) => this.#onFrame(payload, link),
        closed: (link, reason) => this.#onClosed(link, reason),
      },
      this.log,
    );
  }

  /** Where it listens, with the port that it really has; undefined until `listen` has resolved. */
  get address(): NodeAddress | undefined {
    return this.#address;
  }

  /** The gateways announced now. */
  get gateways(): readonly NodeAddress[] {
    return this.#gateways.addresses();
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

  /** What it throws ends the link, and is logged and counted there. */
  #onFrame(payload: ByteReader, link: Link): void {
    const message = readRegisterMessage(payload);
    switch (message.type) {
      case 'ping': // the link has noted that its peer lives
        return;
      case 'gatewayConnect':
        this.#authenticate(link, message.secret);
        return this.#welcomeGateway(link, message.address);
      case 'workerConnect':
        this.#authenticate(link, message.secret);
        return this.#welcomeWorker(link);
      case 'gatewayList':
        throw new RegisterRefusedError(link.peer, 'unexpectedMessage');
    }
  }

  #authenticate(link: Link, secret: Uint8Array): void {
    if (link.state !== 'handshaking') throw new RegisterRefusedError(link.peer, 'announcedTwice');
    if (!this.#secret.matches(secret)) throw new RegisterRefusedError(link.peer, 'wrongSecret');
  }

  #welcomeGateway(link: Link, address: NodeAddress): void {
    if (address.port === 0 || isUnspecified(address.host)) {
      throw new RegisterRefusedError(link.peer, 'unreachableAddress');
    }
    link.accept();
    this.#gatewayLinks.set(link, address);
    if (this.#gateways.add(address)) this.#onListChanged(`Gateway ${formatAddress(address)} is there`);
  }

  #welcomeWorker(link: Link): void {
    link.accept();
    this.#workers.add(link);
    this.#owe(link);
    this.log.log(`Worker ${link.peer} is there, ${this.#census()}`);
  }

  #onClosed(link: Link, error: Error | undefined): void {
    const reason = refusalReasonOf(error);
    if (reason !== undefined) this.#countRefusal(link, reason, error);
    this.#owedList.delete(link);
    if (this.#workers.delete(link)) this.log.log(`Worker ${link.peer} is gone, ${this.#census()}`);
    const address = this.#gatewayLinks.get(link);
    if (address === undefined) return;
    this.#gatewayLinks.delete(link);
    if (this.#gateways.remove(address)) this.#onListChanged(`Gateway ${formatAddress(address)} is gone`);
  }

  #countRefusal(link: Link, reason: RefusalReason, error: Error | undefined): void {
    this.#refused[reason] = (this.#refused[reason] ?? 0) + 1;
    this.#refusalLog.warn(this.log, reason, describeRefusal(link.peer, reason, error), {
      peer: link.peer,
      reason,
    });
    this.observer.refused?.(reason, link.peer);
  }

  #onListChanged(what: string): void {
    this.log.log(`${what}, ${this.#census()}`);
    for (const worker of this.#workers) this.#owe(worker);
    this.observer.gatewaysChanged?.(this.gateways);
  }

  /** Lists go out at the end of the turn: a hundred gateways that come back at once make one list, not a hundred. */
  #owe(worker: Link): void {
    if (this.#owedList.size === 0) setImmediate(() => this.#pushLists());
    this.#owedList.add(worker);
  }

  #pushLists(): void {
    const list = new ByteWriter();
    writeRegisterMessage(list, { type: 'gatewayList', gateways: this.gateways });
    const payload = list.view();
    for (const worker of this.#owedList) {
      if (worker.send((writer) => writer.bytes(payload))) this.#listsSent++;
    }
    this.#owedList.clear();
  }

  #census(): string {
    return `${counted(this.#gateways.size, 'gateway')} and ${counted(this.#workers.size, 'worker')} now`;
  }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
