import { describe, expect, it } from 'vitest';
import { byteStringFromText, COMMANDS, type ByteString } from '#protocol';
import { WsClient } from '../test/clients.js';
import type { LanPeer } from '../test/lan-peer.js';
import { TestGateway } from '../test/test-gateway.js';

const name = byteStringFromText;
const LONGEST = name('n'.repeat(255));
const TOO_LONG = name('n'.repeat(256));
const NOBODY = 0x0fff_ffff;

async function withClients(count: number): Promise<{
  node: TestGateway;
  caller: LanPeer;
  ids: number[];
  clients: WsClient[];
}> {
  const node = await TestGateway.start();
  const clients: WsClient[] = [];
  for (let i = 0; i < count; i++) clients.push(await WsClient.open(node.ws));
  const ids = (await node.connected(count)).map(({ id }) => id);
  return { node, caller: await node.caller(), ids, clients };
}

/** Names are listed in no particular order, each once. */
async function namesIn(caller: LanPeer, definition: typeof COMMANDS.getUidList): Promise<Set<ByteString>> {
  const names = await caller.ask(definition, undefined);
  expect(new Set(names).size).toBe(names.length);
  return new Set(names);
}

describe('uid commands over a LAN link', () => {
  it('bind, count, list and unbind', async () => {
    const { caller, ids } = await withClients(3);
    const [a, b, c] = ids as [number, number, number];
    const [ann, bob] = [name('ann'), name('bob')];
    for (const [connectionId, uid] of [
      [a, ann],
      [b, ann],
      [c, bob],
    ] as const)
      // prettier-ignore
      caller.command(COMMANDS.bindUid, { connectionId, uid });
    expect(await caller.ask(COMMANDS.getClientCountByUid, { uid: ann })).toBe(2);
    expect(await caller.ask(COMMANDS.getClientListByUid, { uid: ann })).toEqual([a, b]);
    expect(await namesIn(caller, COMMANDS.getUidList)).toEqual(new Set([ann, bob]));
    expect(await caller.ask(COMMANDS.getUidCount, { sample: false })).toEqual({ count: 2, sample: [] });

    caller.command(COMMANDS.unBindUid, { connectionId: a });
    expect(await caller.ask(COMMANDS.getClientListByUid, { uid: ann })).toEqual([b]);
    caller.command(COMMANDS.bindUid, { connectionId: b, uid: bob });
    expect(await caller.ask(COMMANDS.getClientCountByUid, { uid: ann })).toBe(0);
    expect(await caller.ask(COMMANDS.getClientListByUid, { uid: bob })).toEqual([b, c]);
    expect(await caller.ask(COMMANDS.getUidList, undefined)).toEqual([bob]);
  });

  it('take an empty uid for none, and "0" for a uid like any other', async () => {
    const { caller, ids } = await withClients(1);
    const connectionId = ids[0]!;
    const zero = name('0');
    caller.command(COMMANDS.bindUid, { connectionId, uid: zero });
    expect(await caller.ask(COMMANDS.getUidList, undefined)).toEqual([zero]);
    caller.command(COMMANDS.bindUid, { connectionId, uid: name('') });
    expect(await caller.ask(COMMANDS.getUidList, undefined)).toEqual([]);
    expect(await caller.ask(COMMANDS.getUidCount, { sample: true })).toEqual({ count: 0, sample: [] });
  });

  it('do nothing for clients that are not there', async () => {
    const { caller } = await withClients(1);
    caller.command(COMMANDS.bindUid, { connectionId: NOBODY, uid: name('ghost') });
    caller.command(COMMANDS.unBindUid, { connectionId: NOBODY });
    expect(await caller.ask(COMMANDS.getUidList, undefined)).toEqual([]);
  });

  it('count names above 255 bytes and drop them, and keep what was bound', async () => {
    const { node, caller, ids } = await withClients(1);
    const connectionId = ids[0]!;
    caller.command(COMMANDS.bindUid, { connectionId, uid: LONGEST });
    caller.command(COMMANDS.bindUid, { connectionId, uid: TOO_LONG });
    caller.command(COMMANDS.bindUid, { connectionId, uid: name('ü'.repeat(128)) });
    expect(await caller.ask(COMMANDS.getUidList, undefined)).toEqual([LONGEST]);
    expect(await caller.ask(COMMANDS.getClientCountByUid, { uid: TOO_LONG })).toBe(0);
    expect(node.stats.namesTooLong).toBe(2);
  });

  it('count exactly, and sample no more than a hundred', async () => {
    const { node, caller, ids } = await withClients(1);
    const [connection] = node.connections;
    // A hundred and one more uids than one client can have: bound through the table, as a hundred sockets would.
    for (let i = 0; i < 130; i++) {
      const opened = node.gateway.table.open(connection!.transport)!;
      caller.command(COMMANDS.bindUid, { connectionId: opened.id, uid: name(`uid-${i}`) });
    }
    const { count, sample } = await caller.ask(COMMANDS.getUidCount, { sample: true });
    expect(count).toBe(130);
    expect(sample).toHaveLength(100);
    expect(new Set(sample).size).toBe(100);
    expect(sample.every((uid) => uid.startsWith('uid-'))).toBe(true);
    for (const other of node.connections) if (other.id !== ids[0]) node.gateway.table.close(other);
  });
});

describe('group commands over a LAN link', () => {
  const [red, blue] = [name('red'), name('blue')];

  async function joined(): Promise<{
    node: TestGateway;
    caller: LanPeer;
    ids: number[];
    clients: WsClient[];
  }> {
    const context = await withClients(3);
    const [a, b, c] = context.ids as [number, number, number];
    for (const [connectionId, group] of [
      [a, red],
      [b, red],
      [c, blue],
      [b, blue],
    ] as const)
      // prettier-ignore
      context.caller.command(COMMANDS.joinGroup, { connectionId, group });
    return context;
  }

  it('join, count, list and leave', async () => {
    const { caller, ids } = await joined();
    const [a, b, c] = ids as [number, number, number];
    expect(await caller.ask(COMMANDS.getClientCountByGroup, { group: red })).toBe(2);
    expect(await caller.ask(COMMANDS.getClientListByGroup, { group: red })).toEqual([a, b]);
    expect(await caller.ask(COMMANDS.getClientListByGroup, { group: blue })).toEqual([b, c]);
    expect(await namesIn(caller, COMMANDS.getGroupList)).toEqual(new Set([red, blue]));
    caller.command(COMMANDS.leaveGroup, { connectionId: a, group: red });
    caller.command(COMMANDS.leaveGroup, { connectionId: a, group: blue });
    expect(await caller.ask(COMMANDS.getClientListByGroup, { group: red })).toEqual([b]);
    caller.command(COMMANDS.leaveGroup, { connectionId: b, group: red });
    expect(await caller.ask(COMMANDS.getGroupList, undefined)).toEqual([blue]);
    expect(await caller.ask(COMMANDS.getClientListByGroup, { group: red })).toEqual([]);
  });

  it('dissolve a group for all its members, and no other group', async () => {
    const { node, caller, ids } = await joined();
    caller.command(COMMANDS.unGroup, { group: red });
    caller.command(COMMANDS.unGroup, { group: name('never there') });
    expect(await caller.ask(COMMANDS.getClientCountByGroup, { group: red })).toBe(0);
    expect(await caller.ask(COMMANDS.getGroupList, undefined)).toEqual([blue]);
    expect(node.gateway.table.get(ids[1]!)?.groups).toEqual([blue]);
    expect(node.gateway.table.get(ids[0]!)?.groups).toEqual([]);
  });

  it("tell each member's uid once, and leave out members without one", async () => {
    const { caller, ids } = await joined();
    const uid = name('ann');
    caller.command(COMMANDS.bindUid, { connectionId: ids[0]!, uid });
    caller.command(COMMANDS.bindUid, { connectionId: ids[1]!, uid });
    expect(await caller.ask(COMMANDS.getUidListByGroup, { group: red })).toEqual([uid]);
    expect(await caller.ask(COMMANDS.getUidListByGroup, { group: blue })).toEqual([uid]);
    expect(await caller.ask(COMMANDS.getUidListByGroup, { group: name('none') })).toEqual([]);
  });

  it('do nothing for clients that are not there', async () => {
    const { caller } = await withClients(1);
    caller.command(COMMANDS.joinGroup, { connectionId: NOBODY, group: red });
    caller.command(COMMANDS.leaveGroup, { connectionId: NOBODY, group: red });
    expect(await caller.ask(COMMANDS.getGroupList, undefined)).toEqual([]);
  });

  it('count names above 255 bytes and join nobody', async () => {
    const { node, caller, ids } = await withClients(1);
    const connectionId = ids[0]!;
    caller.command(COMMANDS.joinGroup, { connectionId, group: TOO_LONG });
    caller.command(COMMANDS.joinGroup, { connectionId, group: LONGEST });
    expect(await caller.ask(COMMANDS.getGroupList, undefined)).toEqual([LONGEST]);
    expect(node.stats.namesTooLong).toBe(1);
  });

  it('keep names of any bytes apart', async () => {
    const { caller, ids } = await withClients(1);
    const connectionId = ids[0]!;
    const odd = ['\0', 'ÿ', 'ÿ\n'] as readonly string[] as readonly ByteString[];
    for (const group of odd) caller.command(COMMANDS.joinGroup, { connectionId, group });
    expect(await namesIn(caller, COMMANDS.getGroupList)).toEqual(new Set(odd));
  });

  it('forget a client that left, and the names that were its alone', async () => {
    const { node, caller, clients, ids } = await joined();
    caller.command(COMMANDS.bindUid, { connectionId: ids[0]!, uid: name('ann') });
    await caller.settled();
    clients[0]!.socket.close();
    clients[1]!.socket.close();
    await node.connected(1);
    expect(await caller.ask(COMMANDS.getGroupList, undefined)).toEqual([blue]);
    expect(await caller.ask(COMMANDS.getClientListByGroup, { group: blue })).toEqual([ids[2]]);
    expect(await caller.ask(COMMANDS.getUidList, undefined)).toEqual([]);
  });
});
