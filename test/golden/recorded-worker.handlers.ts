import { GatewayApi, type ClientInfo, type SessionData } from '#api';
import type { ClientId } from '#protocol';
import {
  Client,
  ClientContext,
  ClientHandlers,
  OnClose,
  OnConnect,
  OnMessage,
  Payload,
  Session,
} from '#worker';

interface Call {
  readonly id: number;
  readonly fn: string;
  readonly args: readonly unknown[];
}

/** What a handler saw, under the names that the recording has for it. */
export interface SeenEvent {
  readonly event: 'open' | 'connect' | 'message' | 'close';
  readonly client: string;
  readonly session: unknown;
  readonly request?: ClientContext['request'];
  readonly bind?: { readonly uid: string; readonly group_list: readonly string[]; readonly ws: number };
  readonly isText?: boolean;
  readonly data?: Buffer;
}

const ALL_FIELDS = ['uid', 'session', 'groups', 'remoteIp', 'remotePort', 'system'] as const;
const UID_ALONE = 4;
const LEAVE_UNICODE = false;

/** The test worker of the recording, written as a user of ours would write it. */
@ClientHandlers()
export class RecordedWorkerHandlers {
  readonly seen: SeenEvent[] = [];

  constructor(private readonly api: GatewayApi) {}

  @OnConnect()
  connected(@Client() client: ClientContext, @Session() session: unknown): void {
    const { id, kind, request } = client;
    this.seen.push(
      kind === 'ws'
        ? { event: 'open', client: id, session, request }
        : { event: 'connect', client: id, session },
    );
  }

  @OnMessage()
  async message(
    @Client() { id, kind }: ClientContext,
    @Payload() message: Buffer | string,
    @Session() session: SessionData,
  ): Promise<void> {
    const data = Buffer.from(message);
    // The recording has no row for what came over raw TCP.
    if (kind === 'ws') {
      this.seen.push({ event: 'message', client: id, session, isText: typeof message === 'string', data });
    }
    const text = data.toString();
    if (text === 'SESSION?') this.api.sendToClient(id, phpJson({ session: phpArray(session) }));
    else if (text.startsWith('B:')) this.api.sendToGroup('g', text.slice(2));
    else if (text.startsWith('A:')) this.api.sendToAll(text.slice(2));
    else if (text.startsWith('RPC:')) await this.#answer(id, JSON.parse(text.slice(4)) as Call);
    else this.api.sendToClient(id, message);
  }

  @OnClose()
  closed(@Client() { id, kind, uid, groups }: ClientContext, @Session() session: unknown): void {
    const bind = { uid: uid ?? '', group_list: groups, ws: kind === 'ws' ? 1 : 0 };
    this.seen.push({ event: 'close', client: id, session, bind });
  }

  async #answer(me: ClientId, { id, fn, args }: Call): Promise<void> {
    const startedAt = performance.now();
    const result =
      (await this.#call(fn, JSON.parse(JSON.stringify(args).replaceAll('$me', me)) as unknown[])) ?? null;
    const ms = Math.round((performance.now() - startedAt) * 100) / 100;
    this.api.sendToClient(me, phpJson({ id, result, ms }, LEAVE_UNICODE));
  }

  /** The original's calls by its names. */
  async #call(fn: string, args: readonly unknown[]): Promise<unknown> {
    const { api } = this;
    const client = args[0] as ClientId;
    const name = args[0] as string;
    const value = args[1] as string;
    switch (fn) {
      case 'bindUid':
        return api.bindUid(client, value);
      case 'joinGroup':
        return api.joinGroup(client, value);
      case 'leaveGroup':
        return api.leaveGroup(client, value);
      case 'setSession':
        return api.setSession(client, args[1] as SessionData);
      case 'updateSession':
        return api.updateSession(client, args[1] as SessionData);
      case 'sendToUid':
        return api.sendToUid(name, value);
      case 'sendToGroup':
        return api.sendToGroup(name, value, { exclude: args[2] as ClientId[] });
      case 'getUidCount':
        return api.getUidCount(args[0] === undefined ? {} : { sample: args[0] as number });
      case 'getClientInfo':
        return phpInfo(await api.getClientInfo(client, args[1] === UID_ALONE ? ['uid'] : ALL_FIELDS));
      case 'getClientList':
        return listed(api.getClientList({ pageSize: 100 }));
      case 'getClientListByGroup':
      case 'getClientListByUid':
      case 'getUidListByGroup':
        return listed<string>(api[fn](name));
      case 'getUidList':
      case 'getGroupList':
        return listed(api[fn]());
      case 'unBindUid':
      case 'closeClient':
      case 'deleteSession':
      case 'getSession':
      case 'isOnline':
        return api[fn](client);
      case 'getClientCount':
        return api.getClientCount();
      case 'unGroup':
      case 'getClientCountByGroup':
      case 'getUidCountByGroup':
      case 'isUidOnline':
        return api[fn](name);
      default:
        throw new Error(`The recording calls "${fn}", and this worker does not know it`);
    }
  }
}

async function listed<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const list: Item[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** A client's facts under the original's names, in its order. */
function phpInfo(info: Partial<ClientInfo> | undefined): unknown {
  if (info === undefined) return null;
  const { uid, session, groups, remoteIp, remotePort, system } = info;
  return { uid, session, group_list: groups, remote_ip: remoteIp, remote_port: remotePort, system };
}

/** PHP has one word for the empty list and the empty map. */
function phpArray(record: SessionData): unknown {
  return Object.keys(record).length === 0 ? [] : record;
}

/** As PHP's json_encode writes it: ASCII unless told to leave the rest of Unicode as it is. */
function phpJson(value: unknown, isAscii = true): string {
  const json = JSON.stringify(value);
  if (!isAscii) return json;
  return json.replace(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
