import { describe, expect, it } from 'vitest';
import { byteStringFromText, ClientField, CloseMode, COMMANDS } from '#protocol';
import { RawClient, WsClient } from '../test/clients.js';
import { decoded, FakeTransport, TestGateway } from '../test/test-gateway.js';

const name = byteStringFromText;
const NOBODY = 0x0fff_ffff;
const ALL = 63;

class IPv6Transport extends FakeTransport {
  override readonly remoteAddress = '2001:db8::7' as string as '192.0.2.7';
}

describe('client commands over a LAN link', () => {
  it('tell who is online, and how many are', async () => {
    const node = await TestGateway.start();
    const caller = await node.caller();
    expect(await caller.ask(COMMANDS.getClientCount, undefined)).toBe(0);
    const client = await WsClient.open(node.ws);
    await RawClient.dial(node.tcp);
    const [first] = await node.connected(2);
    expect(await caller.ask(COMMANDS.getClientCount, undefined)).toBe(2);
    expect(await caller.ask(COMMANDS.isOnline, { connectionId: first!.id })).toBe(true);
    expect(await caller.ask(COMMANDS.isOnline, { connectionId: first!.id + 1 })).toBe(false);
    expect(await caller.ask(COMMANDS.isOnline, { connectionId: 0 })).toBe(false);
    client.socket.close();
    await node.connected(1);
    expect(await caller.ask(COMMANDS.isOnline, { connectionId: first!.id })).toBe(false);
  });

  it('page through all clients', async () => {
    const node = await TestGateway.start();
    for (let i = 0; i < 7; i++) await RawClient.dial(node.tcp);
    const ids = (await node.connected(7)).map(({ id }) => id);
    const caller = await node.caller();
    const page = (limit: number, after: number): Promise<number[]> =>
      caller.ask(COMMANDS.getClientList, { limit, after });
    expect(await page(3, 0)).toEqual(ids.slice(0, 3));
    expect(await page(3, ids[2]!)).toEqual(ids.slice(3, 6));
    expect(await page(3, ids[5]!)).toEqual(ids.slice(6));
    expect(await page(3, ids[6]!)).toEqual([]);
    expect(await page(0xffff_ffff, 0)).toEqual(ids);
    expect(await page(0, 0)).toEqual([]);
  });

  it('give each field of a client that is asked for, and no other', async () => {
    const node = await TestGateway.start();
    const socket = await WsClient.open(node.ws);
    const [client] = await node.connected(1);
    const connectionId = client!.id;
    const caller = await node.caller();
    caller.command(COMMANDS.bindUid, { connectionId, uid: name('ann') });
    caller.command(COMMANDS.joinGroup, { connectionId, group: name('red') });
    caller.command(COMMANDS.joinGroup, { connectionId, group: name('blue') });
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from('{"a":1}') });
    const remotePort = (socket.socket as unknown as { _socket: { localPort: number } })._socket.localPort;
    const expected = {
      [ClientField.RemoteIp]: { remoteIp: '127.0.0.1' },
      [ClientField.RemotePort]: { remotePort },
      [ClientField.Uid]: { uid: 'ann' },
      [ClientField.Session]: { session: Buffer.from('{"a":1}') },
      [ClientField.Groups]: { groups: ['red', 'blue'] },
    };
    for (const [bits, fields] of Object.entries(expected)) {
      expect(await caller.ask(COMMANDS.getClientInfo, { connectionId, fields: Number(bits) })).toEqual({
        fields: Number(bits),
        client: fields,
      });
    }
    const all = await caller.ask(COMMANDS.getClientInfo, { connectionId, fields: ALL });
    const { system, ...rest } = all.client!;
    expect(rest).toEqual(Object.assign({}, ...Object.values(expected)));
    expect(decoded(system!)).toEqual({
      websocket_status: 3,
      server_port: Number(new URL(node.ws!).port),
      remote_port: remotePort,
      remote_ip: '127.0.0.1',
      connect_time: Math.floor(client!.connectedAtMs / 1000),
      send_queued_bytes: 0,
    });
    const withHigherBits = await caller.ask(COMMANDS.getClientInfo, { connectionId, fields: 255 });
    expect(withHigherBits.fields).toBe(255);
    expect(withHigherBits.client).toEqual(all.client);
  });

  it('say just the asked byte of an unknown client, and of any client when no known field is asked for', async () => {
    const node = await TestGateway.start();
    await RawClient.dial(node.tcp);
    const [client] = await node.connected(1);
    const caller = await node.caller();
    for (const [connectionId, fields] of [
      [NOBODY, ALL],
      [NOBODY, 0],
      [client!.id, 0],
      [client!.id, 192],
    ]) {
      // prettier-ignore
      caller.command(COMMANDS.getClientInfo, { connectionId: connectionId!, fields: fields! });
      expect(await caller.reply()).toEqual(Buffer.of(fields!));
    }
  });

  it('say of a fresh client an empty uid, no groups and the serialized empty session', async () => {
    for (const [serialization, empty] of [
      ['json', '{}'],
      ['php', 'a:0:{}'],
    ] as const) {
      // prettier-ignore
      const node = await TestGateway.start({ serialization });
      await RawClient.dial(node.tcp);
      const [client] = await node.connected(1);
      const caller = await node.caller();
      const fields = ClientField.Uid | ClientField.Session | ClientField.Groups;
      expect(await caller.ask(COMMANDS.getClientInfo, { connectionId: client!.id, fields })).toEqual({
        fields,
        client: { uid: '', session: Buffer.from(empty), groups: [] },
      });
    }
  });

  it('have no IPv4 address for a client that came over IPv6', async () => {
    const node = await TestGateway.start();
    const connection = node.gateway.table.open(new IPv6Transport('tcp'))!;
    const caller = await node.caller();
    const { client } = await caller.ask(COMMANDS.getClientInfo, { connectionId: connection.id, fields: ALL });
    expect(client?.remoteIp).toBe('0.0.0.0');
    expect(client?.remotePort).toBe(4711);
    expect(decoded(client!.system!)).toMatchObject({ websocket_status: 0, remote_ip: '2001:db8::7' });
    node.gateway.table.close(connection);
  });

  it('close a client after what is queued for it, with 4004, and tell the worker so', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    const client = await WsClient.open(node.ws);
    const { connectionId } = await worker.event('open');
    const caller = await node.caller();
    const message = Buffer.alloc(200_000, 'x');
    for (let i = 0; i < 3; i++) caller.command(COMMANDS.sendToClient, { connectionId, message });
    caller.command(COMMANDS.closeClient, { connectionId, mode: CloseMode.AfterQueued });
    expect(await client.closed()).toEqual({ code: 4004, reason: 'closed by the application' });
    expect(client.messages.map(({ data }) => data.length)).toEqual([200_000, 200_000, 200_000]);
    const { details } = await worker.event('close');
    expect(decoded(details)).toMatchObject({ code: 4004, reason: 'closed by the application' });
    expect(node.stats.closedWith[4004]).toBe(1);
  });

  it('close a client now, without a goodbye', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    const client = await WsClient.open(node.ws);
    const { connectionId } = await worker.event('open');
    const caller = await node.caller();
    caller.command(COMMANDS.sendToClient, { connectionId, message: 'lost' });
    caller.command(COMMANDS.closeClient, { connectionId, mode: CloseMode.Now });
    expect(await client.closed()).toEqual({ code: 1006, reason: '' });
    expect(client.messages).toEqual([]);
    expect(decoded((await worker.event('close')).details)).toMatchObject({ code: 4004 });
  });

  it('close a client that was not let in with 1008', async () => {
    const node = await TestGateway.start();
    const client = await WsClient.open(node.ws);
    const [connection] = await node.connected(1);
    const caller = await node.caller();
    caller.command(COMMANDS.closeClient, { connectionId: connection!.id, mode: CloseMode.Denied });
    expect(await client.closed()).toEqual({ code: 1008, reason: 'denied' });
    expect(node.stats.closedWith[1008]).toBe(1);
  });

  it('close a raw TCP client after what is queued, and nobody when there is no such client', async () => {
    const node = await TestGateway.start();
    const client = await RawClient.dial(node.tcp);
    const [connection] = await node.connected(1);
    const caller = await node.caller();
    caller.command(COMMANDS.closeClient, { connectionId: NOBODY, mode: CloseMode.Now });
    caller.command(COMMANDS.sendToClient, { connectionId: connection!.id, message: 'bye' });
    caller.command(COMMANDS.closeClient, { connectionId: connection!.id, mode: CloseMode.AfterQueued });
    caller.command(COMMANDS.closeClient, { connectionId: connection!.id, mode: CloseMode.AfterQueued });
    await client.closed();
    expect(client.text).toBe('bye\n');
    expect(node.stats.closedWith[4004]).toBe(1);
  });
});
