import { describe, expect, it } from 'vitest';
import { byteStringFromText, COMMANDS } from '#protocol';
import { RawClient, WsClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';

const name = byteStringFromText;
const group = name('room');

async function withClients(): Promise<{ node: TestGateway; ws: WsClient[]; tcp: RawClient; ids: number[] }> {
  const node = await TestGateway.start({ maxMessageBytes: 1000 });
  const ws = [await WsClient.open(node.ws), await WsClient.open(node.ws), await WsClient.open(node.ws)];
  await node.connected(3);
  const tcp = await RawClient.dial(node.tcp);
  const ids = (await node.connected(4)).map(({ id }) => id);
  return { node, ws, tcp, ids };
}

describe('sends over a LAN link', () => {
  it('reach one client, in order, whatever listener it came through', async () => {
    const { node, ws, tcp, ids } = await withClients();
    const caller = await node.caller();
    for (const message of ['1', '2', '3']) {
      caller.command(COMMANDS.sendToClient, { connectionId: ids[0]!, message });
      caller.command(COMMANDS.sendToClient, { connectionId: ids[3]!, message });
    }
    expect(await ws[0]!.received(3)).toEqual(['1', '2', '3']);
    await tcp.until((text) => text === '1\n2\n3\n', 'three lines have come');
    expect(ws[1]!.messages).toEqual([]);
    expect(node.stats.messagesSent).toBe(6);
  });

  it('reach all clients but those excluded', async () => {
    const { node, ws, tcp, ids } = await withClients();
    const caller = await node.caller();
    caller.command(COMMANDS.sendToAll, { exclude: [ids[1]!, 0x0fff_ffff, ids[1]!], message: 'to most' });
    caller.command(COMMANDS.sendToAll, { exclude: [], message: 'to all' });
    expect(await ws[0]!.received(2)).toEqual(['to most', 'to all']);
    expect(await ws[2]!.received(2)).toEqual(['to most', 'to all']);
    expect(await ws[1]!.received(1)).toEqual(['to all']);
    await tcp.until((text) => text === 'to most\nto all\n', 'both lines have come');
  });

  it('reach the members of a group but those excluded', async () => {
    const { node, ws, ids } = await withClients();
    const caller = await node.caller();
    for (const connectionId of ids.slice(0, 2)) caller.command(COMMANDS.joinGroup, { connectionId, group });
    caller.command(COMMANDS.sendToGroup, { group, exclude: [ids[0]!], message: 'not to the first' });
    caller.command(COMMANDS.sendToGroup, { group, exclude: [], message: 'to both' });
    caller.command(COMMANDS.sendToGroup, { group: name('nobody'), exclude: [], message: 'to none' });
    caller.command(COMMANDS.sendToAll, { exclude: [], message: 'end' });
    expect(await ws[0]!.received(2)).toEqual(['to both', 'end']);
    expect(await ws[1]!.received(3)).toEqual(['not to the first', 'to both', 'end']);
    expect(await ws[2]!.received(1)).toEqual(['end']);
  });

  it('to a client that is not there are counted', async () => {
    const { node, ids } = await withClients();
    const caller = await node.caller();
    caller.command(COMMANDS.sendToClient, { connectionId: ids[0]! + 1, message: 'stale' });
    caller.command(COMMANDS.sendToClient, { connectionId: 0, message: 'nobody' });
    await caller.settled();
    expect(node.stats.messagesToUnknownClient).toBe(2);
    expect(node.stats.messagesSent).toBe(0);
  });

  it('above maxMessageBytes are dropped and counted, and the link stays', async () => {
    const { node, ws, ids } = await withClients();
    const caller = await node.caller();
    const connectionId = ids[0]!;
    const message = Buffer.alloc(1001, 'x');
    caller.command(COMMANDS.joinGroup, { connectionId, group });
    caller.command(COMMANDS.sendToClient, { connectionId, message });
    caller.command(COMMANDS.sendToGroup, { group, exclude: [], message });
    caller.command(COMMANDS.sendToAll, { exclude: [], message });
    caller.command(COMMANDS.sendToClient, { connectionId, message: message.subarray(1) });
    await ws[0]!.received(1);
    expect(ws[0]!.messages.map(({ data }) => data.length)).toEqual([1000]);
    expect(node.stats.messagesTooBigToSend).toBe(3);
    expect(caller.isClosed).toBe(false);
  });

  it('of nothing arrive as an empty message', async () => {
    const { node, ws, tcp, ids } = await withClients();
    const caller = await node.caller();
    caller.command(COMMANDS.sendToAll, { exclude: ids.slice(1, 3), message: '' });
    expect(await ws[0]!.received(1)).toEqual(['']);
    await tcp.until((text) => text === '\n', 'an empty line has come');
  });

  it('work on an event link as on any other', async () => {
    const { node, ws, ids } = await withClients();
    const worker = await node.worker();
    worker.write((writer) => {
      writer.u8(COMMANDS.sendToClient.code);
      COMMANDS.sendToClient.request.write(writer, { connectionId: ids[0]!, message: 'from a worker' });
    });
    expect(await ws[0]!.received(1)).toEqual(['from a worker']);
  });
});
