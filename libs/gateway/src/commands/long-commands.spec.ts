import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  byteStringFromText,
  COMMANDS,
  defineQuestion,
  encodeFrame,
  writeRequest,
  type Codec,
} from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import type { Connection } from '../connection/connection.js';
import { MOST_AT_ONCE, STEP_SIZE } from '../connection/in-steps.js';
import type { LanPeer } from '../test/lan-peer.js';
import { FakeTransport, TestGateway } from '../test/test-gateway.js';

const name = byteStringFromText;
const group = name('everybody');
const COUNT = MOST_AT_ONCE + 2 * STEP_SIZE;
const count: Codec<number> = { write: (writer, n) => writer.u32(n), read: (reader) => reader.u32() };
const nothing: Codec<void> = { write: () => undefined, read: () => undefined };

interface Crowd {
  readonly node: TestGateway;
  readonly caller: LanPeer;
  readonly connections: readonly Connection[];
  readonly transports: readonly FakeTransport[];
  /** Messages handed over so far. */
  readonly sent: () => number;
}

/** A gateway whose clients have no sockets, all of them in one group. */
async function crowd(options: Parameters<typeof TestGateway.start>[0] = {}): Promise<Crowd> {
  const node = await TestGateway.start(options);
  const { table } = node.gateway;
  const transports = Array.from({ length: COUNT }, () => new FakeTransport());
  const connections = transports.map((transport) => table.open(transport)!);
  for (const [i, connection] of connections.entries()) {
    table.join(connection, group);
    // Two clients a uid.
    table.bind(connection, name(`uid-${i >> 1}`));
  }
  // When the gateway stops, which waits until nobody is left.
  const leaveNobodyBehind = (): void => {
    for (const connection of table.all()) table.close(connection);
  };
  for (const transport of transports) {
    transport.close = leaveNobodyBehind;
  }
  return { node, caller: await node.caller(), connections, transports, sent: () => node.stats.messagesSent };
}

/** All in one write, and so in one chunk. */
function framesOf(...commands: readonly Buffer[]): Buffer {
  return Buffer.concat(commands);
}

function toGroup(message: string, exclude: readonly number[] = []): Buffer {
  return encodeFrame((writer) => writeRequest(writer, COMMANDS.sendToGroup, { group, exclude, message }));
}

function toClient(connectionId: number, message: string): Buffer {
  return encodeFrame((writer) => writeRequest(writer, COMMANDS.sendToClient, { connectionId, message }));
}

describe('a broadcast to many', () => {
  it('reaches each once, in the order of its link, and what comes in the same chunk waits', async () => {
    const { caller, connections, transports } = await crowd();
    const last = connections.at(-1)!.id;
    caller.socket.write(framesOf(toClient(last, '0'), toGroup('1'), toClient(last, '2'), toGroup('3')));
    await caller.settled();
    expect(transports.at(-1)!.sent).toEqual(['0', '1', '2', '3']);
    expect(transports.slice(0, -1).every(({ sent }) => sent.join() === '1,3')).toBe(true);
  });

  it('does not keep other links waiting', async () => {
    const { node, caller, transports, sent } = await crowd();
    const other = await node.caller();
    caller.socket.write(framesOf(...Array.from({ length: 50 }, () => toGroup('x'))));
    await until(() => sent() > 0, 'it has begun');
    await other.settled();
    expect(sent()).toBeLessThan(50 * COUNT);
    await caller.settled();
    expect(sent()).toBe(50 * COUNT);
    expect(transports.every(({ sent: messages }) => messages.length === 50)).toBe(true);
  });

  it('leaves out those excluded, also of two broadcasts that are under way at once', async () => {
    const { node, caller, connections, transports } = await crowd();
    const other = await node.caller();
    const ids = connections.map(({ id }) => id);
    const even = ids.filter((_, i) => i % 2 === 0);
    const odd = ids.filter((_, i) => i % 2 === 1);
    caller.socket.write(toGroup('to odd', even));
    other.socket.write(toGroup('to even', odd));
    await caller.settled();
    await other.settled();
    for (const [i, { sent }] of transports.entries())
      expect(sent).toEqual([i % 2 === 0 ? 'to even' : 'to odd']);
  });

  it('to all takes the same way', async () => {
    const { caller, transports, connections } = await crowd();
    caller.command(COMMANDS.sendToAll, { exclude: [connections[7]!.id], message: 'all' });
    await caller.settled();
    expect(transports.filter(({ sent }) => sent.length === 0)).toEqual([transports[7]]);
    expect(transports.every(({ sent }) => sent.length <= 1)).toBe(true);
  });

  it('is finished when its link ends meanwhile, with what had come before the end', async () => {
    const { node, caller, connections, transports, sent } = await crowd();
    const last = connections.at(-1)!.id;
    caller.socket.write(framesOf(toGroup('1'), toGroup('2'), toClient(last, 'end')));
    await until(() => sent() > 0, 'it has begun');
    caller.socket.destroy();
    await until(() => transports.at(-1)!.sent.at(-1) === 'end', 'the last command is executed');
    expect(sent()).toBe(2 * COUNT + 1);
    await (await node.caller()).settled();
  });

  it('skips who left, and does not reach who was never there', async () => {
    const { node, caller, connections, transports, sent } = await crowd();
    const { table } = node.gateway;
    caller.socket.write(toGroup('x'));
    await until(() => sent() > 0, 'it has begun');
    expect(sent()).toBeLessThan(COUNT);
    table.close(connections.at(-1)!);
    const stranger = new FakeTransport();
    table.open(stranger);
    await caller.settled();
    expect(transports.at(-1)!.sent).toEqual([]);
    expect(stranger.sent).toEqual([]);
    expect(sent()).toBe(COUNT - 1);
  });

  it('leaves no worker of a link that ended while its registration had to wait', async () => {
    const { node, caller, sent } = await crowd();
    const register = encodeFrame((writer) => writeRequest(writer, COMMANDS.registerWorker, []));
    caller.socket.write(framesOf(...Array.from({ length: 20 }, () => toGroup('x')), register));
    await until(() => sent() > 0, 'it has begun');
    caller.socket.resetAndDestroy();
    await until(() => sent() === 20 * COUNT, 'all is handed over');
    await (await node.caller()).settled();
    await until(() => node.gateway.workers.size === 0, 'the worker is given up');
  });
});

describe('a list of many', () => {
  it('is complete, ascending, and one reply', async () => {
    const { caller, connections } = await crowd();
    const ids = connections.map(({ id }) => id);
    expect(await caller.ask(COMMANDS.getClientListByGroup, { group })).toEqual(ids);
    expect(await caller.ask(COMMANDS.getClientList, { limit: 0xffff_ffff, after: 0 })).toEqual(ids);
    const limit = MOST_AT_ONCE + 1;
    expect(await caller.ask(COMMANDS.getClientList, { limit, after: ids[9]! })).toEqual(
      ids.slice(10, 10 + limit),
    );
  });

  it('of uids and groups names each once', async () => {
    const { node, caller, connections } = await crowd();
    const { table } = node.gateway;
    for (const [i, connection] of connections.entries()) table.join(connection, name(`group-${i}`));
    const groups = await caller.ask(COMMANDS.getGroupList, undefined);
    expect(groups).toHaveLength(COUNT + 1);
    expect(new Set(groups).size).toBe(COUNT + 1);
    const uids = await caller.ask(COMMANDS.getUidListByGroup, { group });
    expect(uids).toHaveLength(COUNT / 2);
    expect(new Set(uids).size).toBe(COUNT / 2);
    for (const [i, connection] of connections.entries()) table.bind(connection, name(`other-${i}`));
    const all = await caller.ask(COMMANDS.getUidList, undefined);
    expect(all).toHaveLength(COUNT);
    expect(new Set(all).size).toBe(COUNT);
  });

  it('comes before the answers to what was asked later', async () => {
    const { caller } = await crowd();
    caller.command(COMMANDS.getClientListByGroup, { group });
    caller.command(COMMANDS.getClientCount, undefined);
    expect((await caller.reply()).length).toBe(4 * COUNT);
    expect((await caller.reply()).readUInt32BE(0)).toBe(COUNT);
  });

  it('larger than a frame may be ends the link, and only that', async () => {
    const { node, caller } = await crowd({
      maxMessageBytes: 1_000,
      maxSessionBytes: 2,
      link: { maxFrameBytes: 67_000 },
    });
    const other = await node.caller();
    caller.command(COMMANDS.getUidListByGroup, { group });
    await caller.closed();
    expect(caller.frames).toEqual([]);
    expect(node.stats.repliesTooBig).toBe(1);
    expect(node.stats.badLinks).toBe(1);
    await other.settled();
  });
});

describe('many replies that are asked for in one chunk', () => {
  it('come complete and in order', async () => {
    const { caller, connections } = await crowd();
    const pages = 200;
    for (let i = 0; i < pages; i++)
      caller.command(COMMANDS.getClientList, { limit: 500, after: connections[i]!.id });
    for (let i = 0; i < pages; i++)
      expect((await caller.reply()).readUInt32BE(0)).toBe(connections[i + 1]!.id);
  });
});

describe('a caller that reads its replies late', () => {
  it('gets all of them, whichever of its pauses ends first', async () => {
    const { node, caller, sent } = await crowd({ link: { highWaterMarkBytes: 1 } });
    const asked = 300;
    caller.socket.pause();
    for (let i = 0; i < asked; i++) {
      caller.command(COMMANDS.getClientListByGroup, { group });
      caller.socket.write(toGroup('x'));
      // In chunks of their own, so that reading has to go on for the next.
      if (i % 20 === 0) await nextTurn();
    }
    await until(() => sent() > 0, 'the first is executed');
    await (await node.caller()).settled();
    caller.socket.resume();
    for (let i = 0; i < asked; i++) expect((await caller.reply()).length).toBe(4 * COUNT);
    await caller.settled();
    expect(sent()).toBe(asked * COUNT);
  });
});

describe('a large group that is dissolved', () => {
  it('is gone for what the same caller asks next, and its members know', async () => {
    const { caller, node, connections } = await crowd();
    caller.command(COMMANDS.unGroup, { group });
    caller.command(COMMANDS.joinGroup, { connectionId: connections[3]!.id, group });
    expect(await caller.ask(COMMANDS.getClientListByGroup, { group })).toEqual([connections[3]!.id]);
    expect(connections.filter(({ groups }) => groups.length > 0)).toEqual([connections[3]]);
    expect(node.gateway.table.namespace.groups.size).toBe(1);
  });

  it('takes several turns, in which others are served', async () => {
    const members = defineQuestion({ code: 120, request: nothing, reply: count });
    const { caller, node } = await crowd({
      commands: [{ definition: members, execute: (port) => [...port.clientsOfGroup('everybody')].length }],
    });
    const { groups } = node.gateway.table.namespace;
    const other = await node.caller();
    await other.settled();
    caller.command(COMMANDS.unGroup, { group });
    await until(() => groups.count(group) < COUNT, 'it has begun');
    expect(groups.count(group)).toBeGreaterThan(0);
    expect(await other.ask(members, undefined)).toBeLessThan(COUNT);
    await caller.settled();
    expect(groups.count(group)).toBe(0);
  });
});
