import { Connection, type ConnectionOwner, type ConnectionSettings } from './connection.js';

const LOOPBACK_SOURCES_FROM = 2;

export interface OpenerLimits {
  /** Most connections that are being set up at one time. */
  readonly concurrency: number;
  /** From so many source addresses, 127.0.0.2 onwards; 0 leaves the choice to the system. */
  readonly sourceAddresses: number;
}

/** Makes connections for one owner, some at a time, and tells when all of them are open or have failed. */
export class Opener implements ConnectionOwner {
  readonly connections: Connection[] = [];
  #wanted = 0;
  #settingUp = 0;
  #started = 0;
  #whenSettled: (() => void) | undefined;

  constructor(
    private readonly settings: Omit<ConnectionSettings, 'sourceAddress'>,
    private readonly limits: OpenerLimits,
    private readonly owner: ConnectionOwner,
  ) {}

  get open(): Connection[] {
    return this.connections.filter((connection) => connection.isOpen);
  }

  /**
   * Resolves once `count` more connections are open or have failed; what is not open after the time counts as failed.
   * @returns how long it took, in milliseconds
   */
  async openAll(count: number, timeoutMs: number): Promise<number> {
    const begunMs = performance.now();
    this.#wanted += count;
    const settled = new Promise<void>((resolve) => {
      this.#whenSettled = resolve;
    });
    const timer = setTimeout(() => this.#giveUp(), timeoutMs);
    this.#pump();
    await settled;
    clearTimeout(timer);
    return performance.now() - begunMs;
  }

  /** Makes the connection with this number again. */
  reopen(index: number): Connection {
    const connection = this.#make(index);
    this.connections[index] = connection;
    return connection;
  }

  opened(connection: Connection): void {
    this.#settingUp--;
    this.owner.opened(connection);
    this.#pump();
  }

  message(connection: Connection, bytes: Buffer, start: number, end: number, nowMs: number): void {
    this.owner.message(connection, bytes, start, end, nowMs);
  }

  readDone(connection: Connection): void {
    this.owner.readDone(connection);
  }

  closed(connection: Connection, reached: Connection['state']): void {
    const neverOpened = reached === 'connecting' || reached === 'upgrading' || reached === 'greeting';
    if (neverOpened) this.#settingUp--;
    this.owner.closed(connection, reached);
    if (neverOpened) this.#pump();
  }

  #pump(): void {
    while (this.connections.length < this.#wanted && this.#settingUp < this.limits.concurrency) {
      this.connections.push(this.#make(this.connections.length));
    }
    if (this.connections.length < this.#wanted || this.#settingUp > 0) return;
    this.#whenSettled?.();
    this.#whenSettled = undefined;
  }

  #make(index: number): Connection {
    this.#settingUp++;
    const { sourceAddresses } = this.limits;
    const sourceAddress =
      sourceAddresses === 0
        ? undefined
        : `127.0.0.${LOOPBACK_SOURCES_FROM + (this.#started++ % sourceAddresses)}`;
    return new Connection(index, { ...this.settings, sourceAddress }, this);
  }

  #giveUp(): void {
    this.#wanted = this.connections.length;
    for (const connection of this.connections) {
      if (connection.state === 'closed' || connection.isOpen) continue;
      this.settings.counts.timeouts++;
      this.settings.counts.note(`still ${connection.state} after the time to connect`);
      connection.destroy();
    }
  }
}
