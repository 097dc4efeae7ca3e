import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ConnectionTable, GatewayStats } from '#gateway';
import { DEFAULT_LINK_OPTIONS, LinkServer, silentLog, type Link } from '#link';
import { ByteReader, ByteWriter, jsonSessionCodec, writeRequest, type Codec } from '#protocol';
import { CommandDispatcher } from '../../libs/gateway/src/commands/command-dispatcher.js';
import { SessionLimit } from '../../libs/gateway/src/commands/session-limit.js';
import { Delivery } from '../../libs/gateway/src/connection/delivery.js';
import { nextTurn } from './loop-clock.js';

const MAX_BYTES = 1024 * 1024;

/** What the desk needs of a command. */
export interface Asked<Request> {
  readonly code: number;
  readonly request: Codec<Request>;
}

/**
 * The gateway's table and commands as they are, without clients' sockets: commands are handed in as bytes, and replies leave on a
 * real link, whose other end throws them away.
 */
export class CommandDesk {
  readonly table = new ConnectionTable();
  readonly stats = new GatewayStats();
  readonly #dispatcher: CommandDispatcher;
  readonly #server: LinkServer;
  readonly #caller: Socket;
  readonly #link: Link;
  readonly #writer = new ByteWriter();
  /** What the caller has been answered. */
  receivedBytes = 0;

  private constructor(server: LinkServer, caller: Socket, link: Link) {
    this.#server = server;
    this.#caller = caller;
    this.#link = link;
    caller.on('data', (chunk: Buffer) => (this.receivedBytes += chunk.length));
    const { table, stats } = this;
    this.#dispatcher = new CommandDispatcher(
      {
        table,
        stats,
        delivery: new Delivery(table, { maxMessageBytes: MAX_BYTES }, stats),
        codec: jsonSessionCodec,
        sessions: new SessionLimit(MAX_BYTES, stats, silentLog),
        closeClient: (connection) => table.close(connection),
        addWorker: () => undefined,
        isWorker: () => false,
        sessionWritten: () => undefined,
        marks: {},
      },
      [],
      silentLog,
      DEFAULT_LINK_OPTIONS.maxFrameBytes,
    );
  }

  static async open(): Promise<CommandDesk> {
    let taken: ((link: Link) => void) | undefined;
    const accepted = new Promise<Link>((resolve) => (taken = resolve));
    const server = new LinkServer(DEFAULT_LINK_OPTIONS, {
      connected: (link) => {
        link.accept();
        taken?.(link);
      },
      frame: () => undefined,
    });
    const { host, port } = await server.listen({ host: '127.0.0.1', port: 0 }, 'lan');
    const caller = connect({ host, port });
    await once(caller, 'connect');
    return new CommandDesk(server, caller, await accepted);
  }

  /** Executes a command, or begins it: then `settled` waits for its end. */
  command<Request>(definition: Asked<Request>, request: NoInfer<Request>): void {
    this.#writer.truncate(0);
    writeRequest(this.#writer, definition, request);
    this.#dispatcher.dispatch(ByteReader.of(this.#writer.view()), this.#link);
  }

  /** Everything that was begun is done, and all replies have arrived. */
  async settled(): Promise<void> {
    do await nextTurn();
    while (this.#dispatcher.isBusy(this.#link) || this.#link.queuedBytes > 0);
  }

  async close(): Promise<void> {
    this.#caller.destroy();
    await this.#server.close();
  }
}
