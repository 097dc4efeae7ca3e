import {
  byteStringFromText,
  CloseMode,
  textFromByteString,
  type ClientKind,
  type Payload,
  type SessionCodec,
} from '#protocol';
import type { Connection } from '../connection/connection.js';
import type { ClientView, CommandPort } from './custom-command.js';
import type { CommandContext } from './executor.js';
import { isTooLong } from './name-limit.js';
import { replaceSession } from './session-limit.js';

/** The port of custom commands on the gateway's own table. */
export class TableCommandPort implements CommandPort {
  constructor(private readonly context: CommandContext) {}

  get clientCount(): number {
    return this.context.table.size;
  }

  client(connectionId: number): ClientView | undefined {
    const connection = this.context.table.get(connectionId);
    return connection === undefined ? undefined : this.#view(connection);
  }

  clients(): Iterable<ClientView> {
    return this.#views(this.context.table.all());
  }

  clientsOfUid(uid: string): Iterable<ClientView> {
    return this.#views(this.context.table.namespace.uids.members(byteStringFromText(uid)));
  }

  clientsOfGroup(group: string): Iterable<ClientView> {
    return this.#views(this.context.table.namespace.groups.members(byteStringFromText(group)));
  }

  send(connectionId: number, message: Payload): void {
    this.context.delivery.toOne(this.context.table.get(connectionId), bytesOf(message));
  }

  sendToMany(connectionIds: Iterable<number>, message: Payload): void {
    this.context.delivery.toEach(connectionIds, bytesOf(message));
  }

  closeClient(connectionId: number, { force = false }: { readonly force?: boolean } = {}): void {
    const mode = force ? CloseMode.Now : CloseMode.AfterQueued;
    this.#with(connectionId, (connection) => this.context.closeClient(connection, mode));
  }

  bindUid(connectionId: number, uid: string): void {
    const name = byteStringFromText(uid);
    if (isTooLong(name, this.context.stats)) return;
    const { table } = this.context;
    this.#with(connectionId, (connection) => {
      if (name === '') table.unbind(connection);
      else table.bind(connection, name);
    });
  }

  joinGroup(connectionId: number, group: string): void {
    const name = byteStringFromText(group);
    if (isTooLong(name, this.context.stats)) return;
    this.#with(connectionId, (connection) => this.context.table.join(connection, name));
  }

  leaveGroup(connectionId: number, group: string): void {
    this.#with(connectionId, (connection) => this.context.table.leave(connection, byteStringFromText(group)));
  }

  setSession(connectionId: number, session: Readonly<Record<string, unknown>>): void {
    const { codec } = this.context;
    this.#with(connectionId, (connection) =>
      replaceSession(this.context, connection, codec.normalize(codec.encode(session))),
    );
  }

  #with(connectionId: number, change: (connection: Connection) => void): void {
    const connection = this.context.table.get(connectionId);
    if (connection !== undefined) change(connection);
  }

  #view(connection: Connection): ClientView {
    return new ConnectionView(connection, this.context.codec);
  }

  *#views(connections: Iterable<Connection>): IterableIterator<ClientView> {
    for (const connection of connections) yield this.#view(connection);
  }
}

class ConnectionView implements ClientView {
  readonly #connection: Connection;
  readonly #codec: SessionCodec;

  constructor(connection: Connection, codec: SessionCodec) {
    this.#connection = connection;
    this.#codec = codec;
  }

  get connectionId(): number {
    return this.#connection.id;
  }

  get kind(): ClientKind {
    return this.#connection.transport.kind;
  }

  get remoteAddress(): string {
    return this.#connection.transport.remoteAddress;
  }

  get remotePort(): number {
    return this.#connection.transport.remotePort;
  }

  get connectedAtMs(): number {
    return this.#connection.connectedAtMs;
  }

  get queuedBytes(): number {
    return this.#connection.transport.queuedBytes;
  }

  get uid(): string {
    return textFromByteString(this.#connection.uid);
  }

  get groups(): readonly string[] {
    return this.#connection.groups.map(textFromByteString);
  }

  session(): unknown {
    return this.#codec.decode(this.#connection.session);
  }
}

function bytesOf(message: Payload): Buffer {
  if (typeof message === 'string') return Buffer.from(message);
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
}
