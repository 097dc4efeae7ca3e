import {
  CloseMode,
  COMMANDS,
  parseClientId,
  type ClientId,
  type NodeAddress,
  type Payload,
  type SessionCodec,
} from '#protocol';
import { checkMessage, excluding, keyBytes, nameBytes, ownCopy } from './arguments.js';
import {
  pageSizeOf,
  type ClientListOptions,
  type CloseClientOptions,
  type MessageOptions,
  type PagedClientListOptions,
  type SendOptions,
  type UidCountOptions,
} from './call-options.js';
import { ClientLists } from './client-lists.js';
import {
  USUAL_FIELDS,
  clientInfo,
  decodeSession,
  encodeSession,
  fieldBits,
  type ClientInfo,
  type ClientInfoField,
  type SessionData,
  type UsualClientInfoField,
} from './client-info.js';
import { Counts } from './counts.js';
import type { RequestDefinition } from './definition.js';
import type { GatewayPool } from './gateway-pool.js';
import type { GatewayNews } from './pool-news.js';
import { RawApi } from './raw-api.js';

/**
 * Everything that can be done to clients and asked about them, on whichever gateway they are.
 *
 * Commands return void and are sent in call order; they throw InvalidArgumentError for arguments that cannot be sent, and
 * nothing else: a gateway that is not there is counted and logged. Questions reject with a NestwireError, which names the
 * gateway that did not answer; those that ask all gateways with a PartialResultError, which has what the others said.
 * What one caller does in order is applied in order: after `bindUid(c, u)`, `isUidOnline(u)` is true.
 */
export class GatewayApi extends RawApi {
  readonly #pool: GatewayPool;
  readonly #codec: SessionCodec;
  readonly #lists: ClientLists;
  readonly #counts: Counts;

  constructor(pool: GatewayPool, codec: SessionCodec) {
    super(pool);
    this.#pool = pool;
    this.#codec = codec;
    this.#lists = new ClientLists(pool);
    this.#counts = new Counts(pool);
  }

  /** All gateways that are known, ordered as lists of clients are. Empty before the first list has come. */
  get gateways(): readonly NodeAddress[] {
    return this.#pool.members.map(({ address }) => address);
  }

  sendToClient(clientId: ClientId, message: Payload, { key }: MessageOptions = {}): void {
    const { gateway, connectionId } = parseClientId(clientId);
    const request = { connectionId, message: this.#checked(message) };
    this.#pool.command(gateway, COMMANDS.sendToClient, request, keyBytes(key));
  }

  /**
   * To every client of the uid. Over the base protocol each gateway is asked first who they are; later calls wait for that where it
   * concerns the same gateway. A gateway that does not say it in time is counted and logged, and the others' clients get the message.
   */
  sendToUid(uid: string, message: Payload, options: SendOptions = {}): void {
    const bytes = nameBytes('uid', uid);
    const exclusion = excluding(options.exclude);
    const key = keyBytes(options.key);
    const checked = this.#checked(message);
    const kept = this.#pool.isReady && this.#pool.protocol === 'nestwire' ? checked : ownCopy(checked);
    this.#pool.whenReady(kept.length, () => {
      for (const node of this.#pool.members) node.sendToUid(bytes, kept, exclusion.of(node.key), key);
    });
  }

  sendToGroup(group: string, message: Payload, options: SendOptions = {}): void {
    const bytes = nameBytes('group', group);
    this.#broadcast(COMMANDS.sendToGroup, message, options, (exclude, kept) => ({
      group: bytes,
      exclude,
      message: kept,
    }));
  }

  sendToAll(message: Payload, options: SendOptions = {}): void {
    this.#broadcast(COMMANDS.sendToAll, message, options, (exclude, kept) => ({ exclude, message: kept }));
  }

  /** Ends the connection after everything queued for it is sent; `options` say otherwise. */
  closeClient(clientId: ClientId, { force = false, denied = false }: CloseClientOptions = {}): void {
    const { gateway, connectionId } = parseClientId(clientId);
    const mode = force ? CloseMode.Now : denied ? CloseMode.Denied : CloseMode.AfterQueued;
    this.#pool.command(gateway, COMMANDS.closeClient, { connectionId, mode });
  }

  /** A client has one uid, the last one bound; a uid may have any number of clients. The empty uid unbinds. */
  bindUid(clientId: ClientId, uid: string): void {
    const { gateway, connectionId } = parseClientId(clientId);
    this.#pool.command(gateway, COMMANDS.bindUid, { connectionId, uid: nameBytes('uid', uid) });
  }

  unBindUid(clientId: ClientId): void {
    const { gateway, connectionId } = parseClientId(clientId);
    this.#pool.command(gateway, COMMANDS.unBindUid, { connectionId });
  }

  /** A client leaves its groups by itself when it disconnects. */
  joinGroup(clientId: ClientId, group: string): void {
    const { gateway, connectionId } = parseClientId(clientId);
    this.#pool.command(gateway, COMMANDS.joinGroup, { connectionId, group: nameBytes('group', group) });
  }

  leaveGroup(clientId: ClientId, group: string): void {
    const { gateway, connectionId } = parseClientId(clientId);
    this.#pool.command(gateway, COMMANDS.leaveGroup, { connectionId, group: nameBytes('group', group) });
  }

  /** Everybody leaves the group, and it is gone. */
  unGroup(group: string): void {
    const request = { group: nameBytes('group', group) };
    this.#pool.whenReady(request.group.length, () => {
      for (const node of this.#pool.members) node.command(COMMANDS.unGroup, request);
    });
  }

  setSession(clientId: ClientId, session: SessionData): void {
    const { gateway, connectionId } = parseClientId(clientId);
    const bytes = encodeSession(this.#codec, session);
    this.#pool.command(gateway, COMMANDS.setSession, { connectionId, session: bytes });
  }

  /** Replaces and adds the given keys of the session; the others stay. */
  updateSession(clientId: ClientId, session: SessionData): void {
    const { gateway, connectionId } = parseClientId(clientId);
    const bytes = encodeSession(this.#codec, session);
    this.#pool.command(gateway, COMMANDS.updateSession, { connectionId, session: bytes });
  }

  deleteSession(clientId: ClientId): void {
    const { gateway, connectionId } = parseClientId(clientId);
    this.#pool.command(gateway, COMMANDS.deleteSession, { connectionId });
  }

  /** False also when the client's gateway is gone; rejects when that is listed and does not answer. */
  async isOnline(clientId: ClientId): Promise<boolean> {
    const { gateway, connectionId } = parseClientId(clientId);
    return this.#pool.ask(gateway, COMMANDS.isOnline, { connectionId }, Boolean, () => false);
  }

  /** True as soon as one gateway has a client of the uid; false when all of them said that they have none. */
  async isUidOnline(uid: string): Promise<boolean> {
    return this.#counts.isUidOnline(nameBytes('uid', uid));
  }

  async getClientCount(): Promise<number> {
    return this.#counts.sum(COMMANDS.getClientCount, undefined);
  }

  async getClientCountByGroup(group: string): Promise<number> {
    return this.#counts.sum(COMMANDS.getClientCountByGroup, { group: nameBytes('group', group) });
  }

  async getClientCountByUid(uid: string): Promise<number> {
    return this.#counts.sum(COMMANDS.getClientCountByUid, { uid: nameBytes('uid', uid) });
  }

  /** Undefined when there is no such client. @param fields what to ask for; by default all but `system` */
  async getClientInfo<Field extends ClientInfoField = UsualClientInfoField>(
    clientId: ClientId,
    fields?: readonly Field[],
  ): Promise<Pick<ClientInfo, Field> | undefined> {
    const { gateway, connectionId } = parseClientId(clientId);
    const request = { connectionId, fields: fieldBits(fields ?? USUAL_FIELDS) };
    return this.#pool.ask(
      gateway,
      COMMANDS.getClientInfo,
      request,
      ({ client }) =>
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the reply has the fields that were asked for
        client === undefined ? undefined : (clientInfo(this.#codec, client) as Pick<ClientInfo, Field>),
      () => undefined,
    );
  }

  /** Undefined when there is no such client; `{}` when it has no session. */
  async getSession<Session extends SessionData = SessionData>(
    clientId: ClientId,
  ): Promise<Session | undefined> {
    const { gateway, connectionId } = parseClientId(clientId);
    return this.#pool.ask(
      gateway,
      COMMANDS.getSession,
      { connectionId },
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it holds is what the application has put in
      (bytes) => decodeSession(this.#codec, bytes) as Session | undefined,
      () => undefined,
    );
  }

  /** How many different uids have clients; exact unless `sample` is given. */
  async getUidCount({ sample }: UidCountOptions = {}): Promise<number> {
    return sample === undefined ? this.#counts.uids() : this.#counts.estimatedUids(sample);
  }

  async getUidCountByGroup(group: string): Promise<number> {
    return this.#counts.distinct(COMMANDS.getUidListByGroup, { group: nameBytes('group', group) });
  }

  /** Each uid once. As all lists: a gateway is asked when the loop gets to it, and one that fails is named at the end. */
  getUidList(): AsyncIterable<string> {
    return this.#lists.names(COMMANDS.getUidList, undefined, true);
  }

  getUidListByGroup(group: string): AsyncIterable<string> {
    return this.#lists.names(COMMANDS.getUidListByGroup, { group: nameBytes('group', group) }, true);
  }

  /** @param options unique: each group once (default), instead of once for each gateway; costs memory for all names */
  getGroupList(options: { readonly unique?: boolean | undefined } = {}): AsyncIterable<string> {
    return this.#lists.names(COMMANDS.getGroupList, undefined, options.unique !== false);
  }

  getClientList(options: PagedClientListOptions = {}): AsyncIterable<ClientId> {
    return this.#lists.clients(pageSizeOf(options), options.after);
  }

  getClientListByGroup(group: string, { after }: ClientListOptions = {}): AsyncIterable<ClientId> {
    const request = { group: nameBytes('group', group) };
    return this.#lists.clientsOf(COMMANDS.getClientListByGroup, request, after);
  }

  getClientListByUid(uid: string, { after }: ClientListOptions = {}): AsyncIterable<ClientId> {
    return this.#lists.clientsOf(COMMANDS.getClientListByUid, { uid: nameBytes('uid', uid) }, after);
  }

  /**
   * Tells how the gateways keep up: `congested`, `drained` and `dropped`, each about one gateway.
   * @returns what ends the subscription
   */
  on<Name extends keyof GatewayNews>(event: Name, listener: GatewayNews[Name]): () => void {
    return this.#pool.news.on(event, listener);
  }

  /**
   * Resolves when everything called so far is on its way: written, also what waits for a link, and taken by the system.
   * Rejects with a FlushTimeoutError when some gateway does not take it in `flushTimeoutMs`.
   */
  flush(): Promise<void> {
    return this.#pool.flush();
  }

  #broadcast<Request>(
    definition: RequestDefinition<Request>,
    message: Payload,
    options: SendOptions,
    requestOf: (exclude: readonly number[], message: Payload) => Request,
  ): void {
    const exclusion = excluding(options.exclude);
    const key = keyBytes(options.key);
    const checked = this.#checked(message);
    const kept = this.#pool.isReady ? checked : ownCopy(checked);
    this.#pool.whenReady(kept.length, () => {
      for (const node of this.#pool.members) {
        node.command(definition, requestOf(exclusion.of(node.key), kept), key);
      }
    });
  }

  #checked(message: Payload): Payload {
    return checkMessage(message, this.#pool.maxFrameBytes);
  }
}
