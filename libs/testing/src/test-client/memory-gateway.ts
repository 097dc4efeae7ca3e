import type { IncomingMessage } from 'node:http';
import {
  ConnectionTable,
  Delivery,
  GatewayStats,
  SessionLimit,
  upgradeRequestOf,
  type CommandContext,
  type Connection,
  type CustomCommand,
} from '#gateway';
import { silentLog } from '#link';
import {
  CloseCode,
  CloseMode,
  encodeCloseDetails,
  encodeUpgradeRequest,
  formatClientId,
  gatewayKey,
  Opcode,
  type ClientId,
  type GatewayEvent,
  type NodeAddress,
  type SessionCodec,
} from '#protocol';
import { CommandRunner } from './command-runner.js';
import type { ClientEnd, MemoryTransport } from './memory-transport.js';

/** An address that nobody has, so that ids of clients have their form, and mean nobody else. */
const ADDRESS: NodeAddress = { host: '240.0.0.1', port: 9108 };
/** What a real one fills in, and nobody reads. */
const MESSAGE_FLAGS = 0x21;

export interface MemoryGatewayOptions {
  readonly commands: readonly CustomCommand[];
  readonly maxMessageBytes: number;
  readonly maxSessionBytes: number;
}

/** The request with which a client connects. */
export interface MemoryRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Takes an event to the worker. Resolves when the worker is done with it. */
export type DeliverEvent = (event: GatewayEvent, isRedelivered: boolean) => Promise<void>;

/**
 * A gateway in memory: the real table of connections and the real executors, without listeners, links and timers. What clients do
 * becomes events at once, and what workers call takes effect at once.
 */
export class MemoryGateway {
  readonly address = ADDRESS;
  readonly id = gatewayKey(ADDRESS);
  readonly table = new ConnectionTable();
  readonly stats = new GatewayStats();
  readonly commands: CommandRunner;
  /** Close events that are under way. */
  readonly #closings = new WeakMap<Connection, Promise<void>>();

  constructor(
    private readonly options: MemoryGatewayOptions,
    private readonly codec: SessionCodec,
    private readonly deliver: DeliverEvent,
  ) {
    const context: CommandContext = {
      table: this.table,
      delivery: new Delivery(this.table, options, this.stats),
      codec,
      stats: this.stats,
      sessions: new SessionLimit(options.maxSessionBytes, this.stats, silentLog),
      marks: {},
      closeClient: (connection, mode) => this.#closeClient(connection, mode),
      addWorker: () => undefined,
      isWorker: () => true,
      sessionWritten: () => undefined,
    };
    this.commands = new CommandRunner(context, options.commands);
  }

  idOf(connection: Connection): ClientId {
    return formatClientId(this.id, connection.id);
  }

  /** Takes a client. @returns its connection, and when OnConnect is done */
  open(
    transport: MemoryTransport,
    request: MemoryRequest,
  ): { readonly connection: Connection; readonly done: Promise<void> } {
    const connection = this.table.open(transport)!; // a test does not open a million
    this.stats.connectionsOpened++;
    connection.transition('open');
    const { id: connectionId, session } = connection;
    const event: GatewayEvent =
      transport.kind === 'tcp'
        ? { type: 'connect', connectionId, session }
        : { type: 'open', connectionId, session, details: this.#detailsOf(connection, request) };
    return { connection, done: this.#settled(connection, this.deliver(event, false)) };
  }

  /** The client sends. Resolves when it is handled, and the end of the client too, if that is what came of it. */
  async message(connection: Connection, message: string | Buffer, isRedelivered: boolean): Promise<void> {
    if (!connection.isOnline) return;
    const { id: connectionId, session, transport } = connection;
    const data = Buffer.from(message);
    if (data.length > this.options.maxMessageBytes) {
      this.#end(connection, CloseCode.MessageTooBig, 'Max payload size exceeded');
      return this.#closings.get(connection);
    }
    this.stats.messagesReceived++;
    const opcode = typeof message === 'string' ? Opcode.Text : Opcode.Binary;
    const event: GatewayEvent =
      transport.kind === 'tcp'
        ? { type: 'receive', connectionId, session, data }
        : { type: 'message', connectionId, session, opcode, flags: MESSAGE_FLAGS, data };
    await this.#settled(connection, this.deliver(event, isRedelivered));
  }

  /** The connection is over, whoever ended it. Resolves when OnClose is done. */
  closed(connection: Connection, end: ClientEnd): Promise<void> {
    const known = this.#closings.get(connection);
    if (known !== undefined) return known;
    // As over a socket not before the call that has ended it returns.
    const done = Promise.resolve().then(() => this.#deliverClose(connection, end));
    this.#closings.set(connection, done);
    return done;
  }

  #deliverClose(connection: Connection, { code, reason }: ClientEnd): Promise<void> {
    // Its gateway was lost meanwhile.
    if (connection.state === 'closed') return Promise.resolve();
    this.stats.connectionsClosed++;
    const { id: connectionId, uid, groups, session, transport } = connection;
    const details = encodeCloseDetails(this.codec, {
      uid,
      groups: [...groups],
      kind: transport.kind,
      code,
      reason,
    });
    this.table.close(connection);
    return this.deliver({ type: 'close', connectionId, session, details }, false);
  }

  /** All its clients are gone without close events. */
  lose(): readonly Connection[] {
    const connections = [...this.table.all()];
    for (const connection of connections) this.table.close(connection);
    return connections;
  }

  async #settled(connection: Connection, handled: Promise<void>): Promise<void> {
    await handled;
    await this.#closings.get(connection);
  }

  #closeClient(connection: Connection, mode: CloseMode): void {
    if (mode === CloseMode.Denied) this.#end(connection, CloseCode.Denied, 'denied');
    else {
      const isNow = mode === CloseMode.Now;
      this.#end(connection, CloseCode.ClosedByApplication, 'closed by the application', isNow);
    }
  }

  #end(connection: Connection, code: CloseCode, reason: string, isNow = false): void {
    if (!connection.isOnline) return;
    connection.transition('closing');
    connection.ending = { code, reason };
    this.stats.countClose(code);
    if (isNow) connection.transport.destroy();
    else connection.transport.close(code, reason);
    // The close event says why it was ended, as a gateway's does, whatever the client was told. Of a worker that stops nobody waits for it.
    const isWebSocket = connection.transport.kind === 'ws';
    const end = isWebSocket ? { code, reason } : { code: undefined, reason: '' };
    this.closed(connection, end).catch(() => undefined);
  }

  #detailsOf({ id, transport }: Connection, { url, headers }: MemoryRequest): Buffer {
    const { remoteAddress, remotePort, localPort } = transport;
    const lowerCase = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const request = {
      method: 'GET',
      url,
      headers: lowerCase,
      socket: { remotePort, localAddress: '127.0.0.1', localPort },
    };
    return encodeUpgradeRequest(
      this.codec,
      id,
      upgradeRequestOf(request as unknown as IncomingMessage, remoteAddress),
    );
  }
}
