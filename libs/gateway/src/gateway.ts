import type { NodeLog } from '#link';
import {
  CloseCode,
  formatAddress,
  gatewayKey,
  sessionCodecOf,
  type NodeAddress,
  type UpgradeRequest,
} from '#protocol';
import { GatewayAnnouncer } from '#register';
import { CommandDispatcher } from './commands/command-dispatcher.js';
import { SessionLimit } from './commands/session-limit.js';
import type { Connection } from './connection/connection.js';
import { ConnectionTable } from './connection/connection-table.js';
import { guardedObserver } from './connection/guarded-observer.js';
import { Delivery } from './connection/delivery.js';
import { Endings } from './connection/endings.js';
import { Farewell } from './connection/farewell.js';
import { Heartbeat } from './connection/heartbeat.js';
import { Throttle } from './connection/throttle.js';
import { ThrottleAddresses } from './connection/throttle-addresses.js';
import type { Transport } from './connection/transport.js';
import type { GatewayOptions } from './gateway-options.js';
import { randomGatewayId } from './gateway-id.js';
import { GatewayStats } from './gateway-stats.js';
import { interopWarnings } from './interop-warnings.js';
import { mayRead, takeBaseWorker } from './lan/base-talk.js';
import type { LanParts } from './lan/lan-parts.js';
import { LanServer } from './lan/lan-server.js';
import { AddressGate } from './listener/address-gate.js';
import type { ListenerHandler } from './listener/listener.js';
import { ClientListeners } from './listener/client-listeners.js';
import {
  advertisedAddress,
  resolveGatewayOptions,
  type ResolvedGatewayOptions,
} from './resolve-gateway-options.js';
import { EventSender } from './workers/event-sender.js';
import { guardedRouter } from './workers/guarded-router.js';
import { Parking, type ParkedEvent } from './workers/parking.js';
import { UndeliveredEvents } from './workers/undelivered-events.js';
import { WorkerPool } from './workers/worker-pool.js';

/**
 * Holds the clients' connections, and nothing else: what clients send goes to workers as events, what workers say comes back as
 * commands on the table of connections.
 */
export class Gateway {
  readonly stats = new GatewayStats();
  readonly table: ConnectionTable;
  readonly workers: WorkerPool;
  readonly #options: ResolvedGatewayOptions;
  readonly #listeners: ClientListeners<Connection>;
  readonly #id = randomGatewayId();
  readonly #lan: LanServer;
  readonly #parking: Parking;
  readonly #undelivered: UndeliveredEvents;
  readonly #events: EventSender;
  readonly #commands: CommandDispatcher;
  readonly #endings = new Endings(this.stats);
  readonly #heartbeat: Heartbeat;
  readonly #farewell: Farewell;
  readonly #throttle: Throttle | undefined;
  #announcer: GatewayAnnouncer | undefined;
  #parkingTimer: NodeJS.Timeout | undefined;
  #address: NodeAddress | undefined;
  #binding: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  /** @throws InvalidOptionError for an unknown name, a wrong value, or values that contradict each other. */
  constructor(
    given: Partial<GatewayOptions>,
    private readonly log: NodeLog,
  ) {
    const options = resolveGatewayOptions(given);
    const codec = sessionCodecOf(options.serialization);
    this.#options = options;
    this.table = new ConnectionTable(guardedObserver(options.observer, this.stats, log));
    const delivery = new Delivery(this.table, options, this.stats);
    this.#farewell = new Farewell(this.table, delivery, options, (connection, reason) => {
      this.closeClient(connection, CloseCode.Restart, reason);
    });
    const router = guardedRouter(options.router, this.stats, log);
    this.workers = new WorkerPool(router, options.moveAfterQuietMs, options.maxUnacknowledgedClientBytes);
    this.#parking = new Parking(options);
    this.#undelivered = new UndeliveredEvents(options, this.stats, log, (connection) => {
      this.closeClient(connection, CloseCode.TryAgainLater, 'no worker');
    });
    this.#events = new EventSender(this.workers, this.#parking, codec, this.#undelivered);
    this.#heartbeat = new Heartbeat(this.table, options, (connection) => {
      this.closeClient(connection, CloseCode.HeartbeatMissed, 'no answer to a ping');
    });
    this.#commands = new CommandDispatcher(
      {
        table: this.table,
        delivery,
        codec,
        stats: this.stats,
        sessions: new SessionLimit(options.maxSessionBytes, this.stats, log),
        marks: {},
        closeClient: (connection, mode) => this.#endings.closeAs(connection, mode),
        addWorker: (link, tags) => takeBaseWorker(lanParts, link, tags),
        isWorker: (link) => this.workers.has(link),
        sessionWritten: (link) => this.workers.workerOf(link)?.noteSessionWrite(),
      },
      options.commands,
      log,
      options.link.maxFrameBytes,
      // Unless there is another reason to wait than the one that is over.
      (link) => {
        if (mayRead(link, lanParts)) link.resume();
      },
    );
    const onSlow = (connection: Connection): void =>
      this.closeClient(connection, CloseCode.SlowClient, 'reading too slowly');
    const addresses = ThrottleAddresses.of(options);
    const gate = addresses && new AddressGate(addresses, this.stats);
    this.#listeners = new ClientListeners(options, this.#clientHandler(), onSlow, this.stats, gate);
    this.#throttle = Throttle.of(options, this.table, addresses, this.stats, (connection) => {
      this.closeClient(connection, CloseCode.Throttled, 'sending too much');
    });
    const { workers, stats } = this;
    const lanParts: LanParts = {
      options,
      workers,
      events: this.#events,
      commands: this.#commands,
      stats,
      log,
    };
    this.#lan = new LanServer(lanParts, this.#id);
  }

  /**
   * Half of each of its client ids, 12 hex characters, another one at each start; over the base protocol its address in hex,
   * known after `listen`.
   */
  get id(): string {
    if (this.#options.protocol === 'nestwire') return this.#id;
    return this.#address === undefined ? '' : gatewayKey(this.#address);
  }

  /** Where workers reach this gateway. Known after `listen`. */
  get address(): NodeAddress | undefined {
    return this.#address;
  }

  /** The client listeners, as clients write them. The ports are known after `listen`. */
  get urls(): readonly string[] {
    return this.#listeners.urls;
  }

  /** Sockets that wait to become clients, because more came than `maxAcceptsPerSecond`. */
  get waitingClients(): number {
    return this.#listeners.waiting;
  }

  /** Events that wait for a worker. */
  get parkedEvents(): number {
    return this.#parking.size;
  }

  /** Takes clients and links, and tells the register. @throws ListenError when a port cannot be taken. */
  async listen(): Promise<void> {
    try {
      this.#binding = this.#bind();
      await this.#binding;
    } catch (error) {
      await this.close();
      throw error;
    }
    // Closed while it was starting: then nobody may be told of it.
    if (this.#closing === undefined) this.#start(this.#address!);
  }

  async #bind(): Promise<void> {
    const options = this.#options;
    this.#address = advertisedAddress(options, await this.#lan.listen());
    await this.#listeners.listen();
  }

  #start(address: NodeAddress): void {
    const { parkedAgeMs, registers, secret, serialization, protocol } = this.#options;
    this.#heartbeat.start();
    this.workers.start();
    this.#parkingTimer = setInterval(() => this.#parking.expire(this.#onExpired), parkedAgeMs / 10).unref();
    this.#announcer = new GatewayAnnouncer({
      registers,
      secret,
      protocol,
      id: this.#id,
      address,
      log: this.log,
    });
    this.#announcer.start();
    const facts = { id: this.id };
    this.log.log(`Gateway ${formatAddress(address)} takes clients on ${this.urls.join(', ')}`, facts);
    if (serialization === 'php') for (const warning of interopWarnings(address)) this.log.warn(warning);
  }

  /** Leaves the register, tells the clients to come back, and ends when workers have got their close events. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** The one way in which the gateway itself ends a connection. Its close event follows when the client is gone. */
  closeClient(connection: Connection, code: CloseCode, reason: string): void {
    this.#endings.close(connection, code, reason);
  }

  async #close(): Promise<void> {
    const { drainTimeoutMs, closeTimeoutMs } = this.#options;
    const endMs = Date.now() + drainTimeoutMs;
    await this.#binding?.catch(() => undefined); // what failed there is `listen`'s to say
    await this.#announcer?.close();
    this.#listeners.stopAccepting();
    await this.#farewell.tellAll();
    await this.#farewell.untilEmpty(endMs - Date.now());
    await this.#farewell.destroyAll();
    await this.#farewell.untilEmpty(closeTimeoutMs);
    await this.#listeners.close();
    this.#heartbeat.stop();
    this.#throttle?.stop();
    this.workers.stop();
    clearInterval(this.#parkingTimer);
    await this.workers.untilDone(endMs - Date.now());
    await this.#lan.close();
    if (this.#parking.size > 0) this.#undelivered.left(this.#parking.size);
  }

  readonly #onExpired = (connection: Connection, type: ParkedEvent['type']): void => {
    this.#undelivered.note(connection, type);
    // It will say all of it again: a worker must not get the second half alone.
    if (!connection.isOnline) this.stats.eventsDropped += this.#parking.forget(connection);
  };

  #clientHandler(): ListenerHandler<Connection> {
    return {
      opened: (transport, request) => this.#onOpened(transport, request),
      message: (connection, data, isText) => {
        if (!connection.isOnline) return;
        this.stats.messagesReceived++;
        if (this.#throttle?.take(connection, data.length) === false) return;
        this.#events.message(connection, data, isText);
      },
      misbehaved: (connection, code, reason) => {
        if (code !== CloseCode.MessageTooBig) this.stats.badClientBytes++;
        this.#endings.decide(connection, code, reason);
      },
      closed: (connection, code, reason) => this.#onClosed(connection, code, reason),
      refused: () => this.stats.badClientBytes++,
      dropped: () => this.stats.connectionsRefused++,
      delayed: () => this.stats.connectionsDelayed++,
      failed: () => this.stats.clientErrors++,
    };
  }

  #onOpened(transport: Transport, request: UpgradeRequest | undefined): Connection | undefined {
    // Such as one whose upgrade was under way when the gateway began to stop.
    if (this.#closing !== undefined)
      return this.#refuse(transport, CloseCode.Restart, 'the gateway restarts');
    const isFull = this.table.size >= this.#options.maxConnections;
    const connection = isFull ? undefined : this.table.open(transport);
    if (connection === undefined)
      return this.#refuse(transport, CloseCode.TryAgainLater, 'the gateway is full');
    this.stats.connectionsOpened++;
    this.#throttle?.opened(connection);
    this.#events.opened(connection, request);
    return connection;
  }

  #refuse(transport: Transport, code: CloseCode, reason: string): undefined {
    this.stats.connectionsRefused++;
    this.stats.countClose(code);
    transport.close(code, reason);
  }

  #onClosed(connection: Connection, code: number | undefined, reason: string): void {
    this.stats.connectionsClosed++;
    const { ending } = connection;
    // What we ended, we know the reason of: a peer that does not answer leaves 1006. Raw TCP has no codes.
    if (ending === undefined || code === undefined) this.#events.closed(connection, code, reason);
    else this.#events.closed(connection, ending.code, ending.reason);
    this.workers.forget(connection);
    this.#throttle?.closed(connection);
    this.table.close(connection);
    this.#farewell.connectionGone();
  }
}
