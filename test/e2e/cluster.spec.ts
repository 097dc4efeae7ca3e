import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WATCHERS } from './apps/worker/test.handlers.js';
import { Cluster } from './cluster.js';
import { TcpClient, WsClient, type TestClient } from './test-client.js';

describe('two gateways and two workers', () => {
  let cluster: Cluster;
  /** One over each kind of listener of each gateway. */
  let clients: [ws1: WsClient, tcp1: TcpClient, ws2: WsClient, tcp2: TcpClient];

  beforeAll(async () => {
    cluster = await Cluster.start(2, 2);
    const [first, second] = cluster.gateways;
    clients = [
      await WsClient.connect(first!.ws),
      await TcpClient.connect(first!.tcpPort),
      await WsClient.connect(second!.ws),
      await TcpClient.connect(second!.tcpPort),
    ];
  });

  afterAll(async () => {
    for (const client of clients ?? []) client.close();
    await cluster?.close();
  });

  /** What each of them gets up to a mark that is sent to all of them, behind everything else. */
  async function inboxes(sender: TestClient): Promise<unknown[][]> {
    await sender.call('sendToAll', JSON.stringify({ event: 'mark' }));
    return Promise.all(
      clients.map(async (client) => {
        await client.event('mark');
        return client.takeAll().map(({ text }) => text);
      }),
    );
  }

  function text(value: string): string {
    return JSON.stringify({ text: value });
  }

  it('give every client an id of its own gateway', () => {
    const gateways = clients.map(({ id }) => id.slice(0, 12));
    expect(gateways[0]).toBe(gateways[1]);
    expect(gateways[2]).toBe(gateways[3]);
    expect(new Set(gateways).size).toBe(2);
    expect(new Set(clients.map(({ id }) => id)).size).toBe(4);
  });

  it('carry a message to a client of the other gateway', async () => {
    const [ws1, tcp1, , tcp2] = clients;
    await ws1.call('sendToClient', tcp2.id, text('from ws 1 to tcp 2'));
    await tcp2.call('sendToClient', tcp1.id, text('from tcp 2 to tcp 1'));
    expect((await tcp2.next((message) => 'text' in message, 'the message'))['text']).toBe(
      'from ws 1 to tcp 2',
    );
    expect((await tcp1.next((message) => 'text' in message, 'the message'))['text']).toBe(
      'from tcp 2 to tcp 1',
    );
  });

  it('have groups across gateways and kinds of listeners', async () => {
    const [ws1, tcp1, ws2, tcp2] = clients;
    for (const client of [ws1, ws2, tcp2]) await client.call('joinGroup', client.id, '房间');
    await ws1.call('sendToGroup', '房间', text('to the group'));
    await tcp2.call('sendToGroup', '房间', text('not to ws 1'), { exclude: [ws1.id] });
    expect(await inboxes(tcp2)).toEqual([
      ['to the group'],
      [],
      ['to the group', 'not to ws 1'],
      ['to the group', 'not to ws 1'],
    ]);
    expect(await tcp1.call('getClientCountByGroup', '房间')).toBe(3);
    expect(await tcp1.call('getClientListByGroup', '房间')).toEqual([ws1.id, ws2.id, tcp2.id].toSorted());
    expect(await tcp1.call('getGroupList')).toEqual(['房间']);

    await ws2.call('leaveGroup', tcp2.id, '房间');
    expect(await ws1.call('getClientListByGroup', '房间')).toEqual([ws1.id, ws2.id].toSorted());
    await ws2.call('unGroup', '房间');
    expect(await ws1.call('getClientCountByGroup', '房间')).toBe(0);
    expect(await ws2.call('getGroupList')).toEqual([]);
  });

  it('have uids with clients on both gateways', async () => {
    const [ws1, tcp1, ws2, tcp2] = clients;
    await ws1.call('bindUid', tcp1.id, 'ann');
    await ws1.call('bindUid', ws2.id, 'ann');
    await ws1.call('bindUid', tcp2.id, 'bob');
    await ws2.call('sendToUid', 'ann', text('to ann'));
    await ws2.call('sendToUid', 'ann', text('to ann, not to tcp 1'), { exclude: [tcp1.id] });
    // The marks come from the same worker, so behind both on every gateway.
    expect(await inboxes(ws2)).toEqual([[], ['to ann'], ['to ann', 'to ann, not to tcp 1'], []]);
    expect(await ws1.call('isUidOnline', 'ann')).toBe(true);
    expect(await ws1.call('isUidOnline', 'eve')).toBe(false);
    expect(await ws1.call('getClientListByUid', 'ann')).toEqual([tcp1.id, ws2.id].toSorted());
    expect(await ws1.call('getClientCountByUid', 'ann')).toBe(2);
    expect(await ws1.call('getUidCount')).toBe(2);
    expect(((await ws1.call('getUidList')) as string[]).toSorted()).toEqual(['ann', 'bob']);

    await ws1.call('unBindUid', ws2.id);
    expect(await tcp1.call('getClientListByUid', 'ann')).toEqual([tcp1.id]);
    for (const { id } of [tcp1, tcp2]) await ws1.call('unBindUid', id);
    expect(await tcp1.call('isUidOnline', 'ann')).toBe(false);
  });

  it('broadcast to everybody, but for those left out', async () => {
    const [ws1, tcp1, ws2] = clients;
    await ws1.call('sendToAll', text('to all'));
    await ws1.call('sendToAll', text('not to two'), { exclude: [tcp1.id, ws2.id] });
    expect(await inboxes(ws1)).toEqual([
      ['to all', 'not to two'],
      ['to all'],
      ['to all'],
      ['to all', 'not to two'],
    ]);
  });

  it('list and describe the clients of both', async () => {
    const [ws1, tcp1, ws2] = clients;
    const ids = clients.map(({ id }) => id).toSorted();
    expect(await tcp1.call('getClientCount')).toBe(4);
    expect(await tcp1.call('getClientList')).toEqual(ids);
    expect(await tcp1.call('getClientList', { pageSize: 1, after: ids[1] })).toEqual(ids.slice(2));
    expect(await Promise.all(ids.map((id) => ws1.call('isOnline', id)))).toEqual([true, true, true, true]);
    await tcp1.call('setSession', ws2.id, { name: '值', n: 1 });
    await ws1.call('updateSession', ws2.id, { n: 2 });
    await ws1.call('joinGroup', ws2.id, 'g');
    await ws1.call('bindUid', ws2.id, 'ann');
    expect(await tcp1.call('getClientInfo', ws2.id)).toMatchObject({
      uid: 'ann',
      groups: ['g'],
      session: { name: '值', n: 2 },
      remoteIp: '127.0.0.1',
    });
    expect(await ws2.call('getSession', ws2.id)).toEqual({ name: '值', n: 2 });
    await ws1.call('deleteSession', ws2.id);
    expect(await tcp1.call('getSession', ws2.id)).toEqual({});
  });

  it('close a client, and tell its close handler what it had', async () => {
    const [watcher] = clients;
    await watcher.call('joinGroup', watcher.id, WATCHERS);
    const guest = await WsClient.connect(cluster.gateways[1]!.ws);
    await watcher.call('bindUid', guest.id, 'guest');
    await watcher.call('joinGroup', guest.id, 'lobby');
    await watcher.call('closeClient', guest.id);
    expect(await guest.closed()).toBe(4004);
    expect(await watcher.event('closed')).toEqual({
      event: 'closed',
      id: guest.id,
      uid: 'guest',
      groups: ['lobby'],
      closeCode: 4004,
    });
    expect(await watcher.call('isOnline', guest.id)).toBe(false);
    expect(await watcher.call('getClientInfo', guest.id)).toBeUndefined();
  });

  it("keep each client's order under load, with both workers busy", async () => {
    const [first, second] = cluster.gateways;
    const crowd = await Promise.all(
      Array.from({ length: 20 }, (_, index) => WsClient.connect((index % 2 === 0 ? first : second)!.ws)),
    );
    const numbers = Array.from({ length: 250 }, (_, n) => n);
    for (const n of numbers) for (const client of crowd) client.send('number', { n });
    const workers = new Set<unknown>();
    for (const client of crowd) {
      const answers = [];
      for (const _ of numbers) answers.push(await client.event('number'));
      expect(answers.map(({ n }) => n)).toEqual(numbers);
      const handledBy = new Set(answers.map(({ worker }) => worker));
      expect(handledBy.size).toBe(1);
      workers.add([...handledBy][0]);
    }
    expect(workers).toEqual(new Set(cluster.workers.map(({ pid }) => pid)));
    for (const client of crowd) client.close();
    await Promise.all(crowd.map((client) => client.closed()));
  });

  it("keep each client's order while another worker is added, which then serves whoever connects", async () => {
    const [first, second] = cluster.gateways;
    const connect = (): Promise<WsClient[]> =>
      Promise.all(
        Array.from({ length: 20 }, (_, index) => WsClient.connect((index % 2 === 0 ? first : second)!.ws)),
      );
    const crowd = await connect();
    const added = cluster.addWorker();
    let n = 0;
    let isAdded = false;
    const linked = added
      .start()
      .then(() => cluster.linked())
      .finally(() => (isAdded = true));
    // All the time before, while and after it comes.
    for (let after = 0; after < 50; after += isAdded ? 1 : 0, n++) {
      // They come faster than they are handled: each worker has some waiting all the time.
      for (const client of crowd) client.send('number', { n, takesMs: 16 });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await linked;
    const numbers = Array.from({ length: n }, (_, number) => number);
    for (const client of crowd) {
      const answers = [];
      for (const _ of numbers) answers.push(await client.event('number'));
      expect(answers.map(({ n: answered }) => answered)).toEqual(numbers);
    }
    const newcomers = await connect();
    for (const client of newcomers) client.send('number', { n: 0 });
    const workers = await Promise.all(
      newcomers.map(async (client) => (await client.event('number'))['worker']),
    );
    expect(workers).toContain(added.pid);
    for (const client of [...crowd, ...newcomers]) client.close();
    await Promise.all([...crowd, ...newcomers].map((client) => client.closed()));
  });

  it('end with code 0 when they are told to stop, with clients on them, and nothing to complain of', async () => {
    const codes = await cluster.close();
    expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await clients[0].closed()).toBe(1012);
    expect(cluster.complaints).toEqual([]);
  });
});
