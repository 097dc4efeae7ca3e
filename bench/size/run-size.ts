import type { Connection } from '#gateway';
import { byteStringFromText, ClientField, CloseMode, COMMANDS, type ByteString } from '#protocol';
import { CommandDesk, type Asked } from './command-desk.js';
import { CountingTransport } from '../counting-transport.js';
import { usedBytes } from './memory.js';
import type { SizeOptions } from './options.js';
import { Stopwatch, type Measured } from './stopwatch.js';

const LARGE = byteStringFromText('everybody');
const EXCLUDED = 10_000;
const PAGE = 1_000;
const MESSAGE = Buffer.alloc(128, 'x');

export interface Memory {
  readonly name: string;
  readonly count: number;
  readonly bytesEach: number;
}

export interface SizeReport {
  readonly options: SizeOptions;
  readonly operations: readonly Measured[];
  readonly memory: readonly Memory[];
}

/** Puts a gateway's table through everything that it can be asked to do at a size. @throws Error when a result is not complete */
export async function runSize(options: SizeOptions): Promise<SizeReport> {
  const desk = await CommandDesk.open();
  try {
    const run = new SizeRun(desk, options);
    await run.fill();
    await run.list();
    await run.send();
    await run.change();
    await run.empty();
    return { options, operations: run.watch.results, memory: run.memory };
  } finally {
    await desk.close();
  }
}

class SizeRun {
  readonly watch = new Stopwatch();
  readonly memory: Memory[] = [];
  readonly #transport = new CountingTransport();
  readonly #excluded: number;
  /** Ids of connections, in the order of their slots. */
  #ids = new Uint32Array(0);

  constructor(
    private readonly desk: CommandDesk,
    private readonly options: SizeOptions,
  ) {
    this.#excluded = Math.min(EXCLUDED, options.members);
  }

  async fill(): Promise<void> {
    const { connections, members } = this.options;
    const { table } = this.desk;
    this.#ids = new Uint32Array(connections);
    await this.#weighed('connection', connections, () =>
      this.watch.many('open', connections, (i) => void (this.#ids[i] = table.open(this.#transport)!.id)),
    );
    await this.#weighed('bound uid (one connection each)', connections, () =>
      this.#commands('bind a uid', COMMANDS.bindUid, connections, (i) => ({
        connectionId: this.#ids[i]!,
        uid: uidOf(i),
      })),
    );
    await this.#weighed('membership in the large group', members, () =>
      this.#joinLarge('join the large group'),
    );
    await this.#weighed('membership in a small group', connections, () =>
      this.#commands('join a small group', COMMANDS.joinGroup, connections, (i) => ({
        connectionId: this.#ids[i]!,
        group: this.#smallGroupOf(i),
      })),
    );
    expectEqual('connections', table.size, connections);
    expectEqual('groups', table.namespace.groups.size, this.options.groups + 1);
    expectEqual('uids', table.namespace.uids.size, connections);
  }

  async list(): Promise<void> {
    const { connections, members, groups } = this.options;
    await this.#pageThrough();
    await this.#listing('list all clients in one page', connections, 4 * connections, () =>
      this.desk.command(COMMANDS.getClientList, { limit: 0xffff_ffff, after: 0 }),
    );
    await this.#listing('list members', members, 4 * members, () =>
      this.desk.command(COMMANDS.getClientListByGroup, { group: LARGE }),
    );
    await this.#listing('list uids of members', members, bytesOfNames(members, uidOf), () =>
      this.desk.command(COMMANDS.getUidListByGroup, { group: LARGE }),
    );
    await this.#listing('list uids', connections, bytesOfNames(connections, uidOf), () =>
      this.desk.command(COMMANDS.getUidList, undefined),
    );
    const groupBytes = bytesOfNames(groups, smallGroup) + LARGE.length + 1;
    await this.#listing('list groups', groups, groupBytes, () =>
      this.desk.command(COMMANDS.getGroupList, undefined),
    );
    const ofLarge = { group: LARGE };
    await this.#commands('count members', COMMANDS.getClientCountByGroup, 10_000, () => ofLarge);
    await this.#commands('count uids', COMMANDS.getUidCount, 1_000, () => ({ sample: true }));
    const fields = ClientField.Uid | ClientField.Groups | ClientField.Session;
    await this.#commands('client info', COMMANDS.getClientInfo, Math.min(100_000, connections), (i) => ({
      connectionId: this.#ids[i]!,
      fields,
    }));
    await this.desk.settled();
  }

  async send(): Promise<void> {
    const { connections, members, groups } = this.options;
    const message = MESSAGE;
    const none: readonly number[] = [];
    await this.#sending('send to one', connections, 1, () =>
      this.#commands('send to one', COMMANDS.sendToClient, connections, (i) => ({
        connectionId: this.#ids[i]!,
        message,
      })),
    );
    await this.#sending('send to all small groups', connections, 1, () =>
      this.#commands('send to a small group', COMMANDS.sendToGroup, groups, (i) => ({
        group: smallGroup(i),
        exclude: none,
        message,
      })),
    );
    await this.#broadcast('send to the large group', members, () =>
      this.desk.command(COMMANDS.sendToGroup, { group: LARGE, exclude: none, message }),
    );
    // Spread over the group, and as many again who are in no group of that name.
    const stride = Math.max(1, Math.floor(members / this.#excluded));
    const exclude = Array.from({ length: this.#excluded }, (_, i) => this.#ids[i * stride]!);
    await this.#broadcast(`the same, ${this.#excluded} excluded`, members - this.#excluded, () =>
      this.desk.command(COMMANDS.sendToGroup, { group: LARGE, exclude, message }),
    );
    await this.#broadcast('send to all', connections, () =>
      this.desk.command(COMMANDS.sendToAll, { exclude: none, message }),
    );
  }

  async change(): Promise<void> {
    const { connections, members } = this.options;
    const churned = Math.min(100_000, members);
    await this.#commands('leave the large group', COMMANDS.leaveGroup, churned, (i) => this.#inLarge(i));
    await this.#commands('join it again', COMMANDS.joinGroup, churned, (i) => this.#inLarge(i));
    await this.#commands('bind another uid', COMMANDS.bindUid, churned, (i) => ({
      connectionId: this.#ids[i]!,
      uid: uidOf(connections + i),
    }));
    await this.#largely('dissolve the large group', members, () =>
      this.desk.command(COMMANDS.unGroup, { group: LARGE }),
    );
    expectEqual('members', this.desk.table.namespace.groups.count(LARGE), 0);
    await this.#joinLarge('join it anew');
  }

  async empty(): Promise<void> {
    const { connections } = this.options;
    const { table } = this.desk;
    const reopened: Connection[] = [];
    const some = Math.min(100_000, connections);
    await this.#commands('close', COMMANDS.closeClient, connections, (i) => ({
      connectionId: this.#ids[i]!,
      mode: CloseMode.Now,
    }));
    expectEqual('connections', table.size, 0);
    expectEqual('groups', table.namespace.groups.size, 0);
    expectEqual('uids', table.namespace.uids.size, 0);
    await this.watch.many('open again', some, () => void reopened.push(table.open(this.#transport)!));
    expectEqual('ids given again', this.#given(reopened), 0);
    for (const connection of reopened) table.close(connection);
  }

  #given(connections: readonly Connection[]): number {
    const before = new Set(this.#ids.subarray(0, 2 * connections.length));
    return connections.filter(({ id }) => before.has(id)).length;
  }

  async #pageThrough(): Promise<void> {
    const { connections } = this.options;
    const pages = Math.ceil(connections / PAGE);
    const before = this.desk.receivedBytes;
    // What a caller does, who goes on after the last id of each page.
    await this.#commands(`page of ${PAGE}`, COMMANDS.getClientList, pages, (i) => ({
      limit: PAGE,
      after: i === 0 ? 0 : this.#ids[i * PAGE - 1]!,
    }));
    await this.desk.settled();
    await this.#arrived('pages', before, 4 * connections + 8 * pages);
  }

  async #joinLarge(name: string): Promise<void> {
    const { members } = this.options;
    await this.#commands(name, COMMANDS.joinGroup, members, (i) => this.#inLarge(i));
    expectEqual('members', this.desk.table.namespace.groups.count(LARGE), members);
  }

  #inLarge(index: number): { readonly connectionId: number; readonly group: ByteString } {
    return { connectionId: this.#ids[index]!, group: LARGE };
  }

  #smallGroupOf(index: number): ByteString {
    return smallGroup(index % this.options.groups);
  }

  /** Many commands of a kind. The request is made outside of the time that is taken of each. */
  async #commands<Request>(
    name: string,
    definition: Asked<Request>,
    count: number,
    requestOf: (index: number) => NoInfer<Request>,
  ): Promise<void> {
    await this.watch.many(name, count, (i) => this.desk.command(definition, requestOf(i)));
    await this.desk.settled();
  }

  async #largely(name: string, count: number, run: () => void): Promise<void> {
    await this.watch.one(name, count, run, () => this.desk.settled());
  }

  async #listing(name: string, count: number, replyBytes: number, run: () => void): Promise<void> {
    const before = this.desk.receivedBytes;
    await this.#largely(name, count, run);
    await this.#arrived(name, before, replyBytes + 8);
  }

  /** The reply is complete: its bytes are counted where they arrive. */
  async #arrived(name: string, before: number, expected: number): Promise<void> {
    for (let i = 0; i < 1_000 && this.desk.receivedBytes - before < expected; i++) await this.desk.settled();
    expectEqual(`bytes of "${name}"`, this.desk.receivedBytes - before, expected);
  }

  async #broadcast(name: string, receivers: number, run: () => void): Promise<void> {
    await this.#sending(name, receivers, 1, () => this.#largely(name, receivers, run));
  }

  async #sending(name: string, receivers: number, each: number, run: () => Promise<void>): Promise<void> {
    const before = this.#transport.sent;
    await run();
    expectEqual(`messages of "${name}"`, this.#transport.sent - before, receivers * each);
  }

  async #weighed(name: string, count: number, run: () => Promise<void>): Promise<void> {
    const before = usedBytes();
    await run();
    this.memory.push({ name, count, bytesEach: (usedBytes() - before) / count });
  }
}

function uidOf(index: number): ByteString {
  return byteStringFromText(`user-${index}`);
}

function smallGroup(index: number): ByteString {
  return byteStringFromText(`group-${index}`);
}

/** What a list of them takes on the wire. */
function bytesOfNames(count: number, nameOf: (index: number) => ByteString): number {
  let bytes = 0;
  for (let i = 0; i < count; i++) bytes += 1 + nameOf(i).length;
  return bytes;
}

function expectEqual(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}`);
}
