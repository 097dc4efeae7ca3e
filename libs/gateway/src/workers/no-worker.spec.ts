import { describe, expect, it } from 'vitest';
import { byteStringFromText, COMMANDS } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { WsClient } from '../test/clients.js';
import { decoded, TestGateway } from '../test/test-gateway.js';

describe('without any worker', () => {
  it('events wait, and the first worker gets them in order, before newer ones', async () => {
    const node = await TestGateway.start();
    const client = await WsClient.open(node.ws);
    const caller = await node.caller();
    const [connection] = await node.connected(1);
    for (const text of ['1', '2', '3']) client.send(text);
    await until(() => node.gateway.parkedEvents === 4, 'all have been parked');
    expect(connection!.state).toBe('announced');
    caller.command(COMMANDS.sendToClient, { connectionId: connection!.id, message: 'I can be reached' });
    caller.command(COMMANDS.setSession, { connectionId: connection!.id, session: Buffer.from('{"late":1}') });
    await client.received(1);
    const worker = await node.worker();
    client.send('4');
    const events = await worker.received(5);
    expect(events.map(({ type }) => type)).toEqual(['open', 'message', 'message', 'message', 'message']);
    expect(worker.texts).toEqual(['1', '2', '3', '4']);
    // What waited says what the session is now, as a handler would see it.
    expect(events.map(({ session }) => session.toString())).toEqual(events.map(() => '{"late":1}'));
    expect(node.gateway.parkedEvents).toBe(0);
    expect(connection!.state).toBe('open');
  });

  it('a client that leaves meanwhile was never there', async () => {
    const node = await TestGateway.start();
    const leaves = await WsClient.open(node.ws);
    const stays = await WsClient.open(node.ws);
    leaves.send('unheard');
    await until(() => node.gateway.parkedEvents === 3, 'all have been parked');
    leaves.socket.close();
    await node.connected(1);
    expect(node.gateway.parkedEvents).toBe(1);
    const worker = await node.worker();
    stays.send('heard');
    const events = await worker.received(2);
    expect(events.map(({ type }) => type)).toEqual(['open', 'message']);
    expect(worker.texts).toEqual(['heard']);
  });

  it('a close whose open was told waits as long as it takes, with what the client had', async () => {
    const node = await TestGateway.start({ parkedBytes: 0, parkedAgeMs: 10 });
    const first = await node.worker();
    const client = await WsClient.open(node.ws);
    const { connectionId } = await first.event('open');
    const caller = await node.caller();
    caller.command(COMMANDS.bindUid, { connectionId, uid: byteStringFromText('ann') });
    caller.command(COMMANDS.joinGroup, { connectionId, group: byteStringFromText('red') });
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from('{"s":1}') });
    await caller.settled();
    first.socket.destroy();
    await until(() => node.gateway.workers.size === 0, 'the worker is gone');
    client.socket.close(1000, 'done');
    await node.connected(0);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(node.gateway.parkedEvents).toBe(1);
    const second = await node.worker();
    const { session, details } = await second.event('close');
    expect(session.toString()).toBe('{"s":1}');
    expect(decoded(details)).toEqual({ uid: 'ann', group_list: ['red'], ws: 1, code: 1000, reason: 'done' });
    expect(second.events).toHaveLength(1);
  });

  it('a client is closed with 1013 when there is no room for its messages; those before are kept', async () => {
    const node = await TestGateway.start({ parkedClientBytes: 2_000 });
    const client = await WsClient.open(node.ws);
    const other = await WsClient.open(node.ws);
    const worker0 = await node.worker();
    await worker0.received(2);
    worker0.socket.destroy();
    await until(() => node.gateway.workers.size === 0, 'the worker is gone');
    for (let i = 0; i < 4; i++) client.send(`${i}${'x'.repeat(700)}`);
    expect(await client.closed()).toEqual({ code: 1013, reason: 'no worker' });
    expect(node.stats.eventsDropped).toBe(1);
    expect(other.closing).toBeUndefined();
    const worker = await node.worker();
    const events = await worker.received(3);
    expect(events.map(({ type }) => type)).toEqual(['message', 'message', 'close']);
    expect(worker.texts.map((text) => text[0])).toEqual(['0', '1']);
    expect(decoded((await worker.event('close')).details)).toMatchObject({ code: 1013 });
  });

  it('with withoutWorker: drop the message is dropped and counted, and the client stays', async () => {
    const node = await TestGateway.start({ parkedClientBytes: 2_000, withoutWorker: 'drop' });
    const client = await WsClient.open(node.ws);
    for (let i = 0; i < 5; i++) client.send(`${i}${'x'.repeat(500)}`);
    await until(() => node.stats.eventsDropped === 3, 'three have been dropped');
    const worker = await node.worker();
    client.send('after');
    await worker.received(4);
    expect(worker.texts.map((text) => text.slice(0, 5))).toEqual(['0xxxx', '1xxxx', 'after']);
    expect(client.closing).toBeUndefined();
  });

  it('clients are closed with 1013 when nobody was told of them in time', async () => {
    for (const withoutWorker of ['close', 'drop'] as const) {
      const node = await TestGateway.start({ parkedAgeMs: 200, withoutWorker });
      const clients = [await WsClient.open(node.ws), await WsClient.open(node.ws)];
      clients[1]!.send('and its message');
      for (const client of clients) expect((await client.closed()).code).toBe(1013);
      await node.connected(0);
      expect(node.stats.eventsDropped).toBe(3);
      expect(node.gateway.parkedEvents).toBe(0);
      const worker = await node.worker();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(worker.events).toEqual([]);
    }
  });

  it('and without room for anything, clients are turned away at once', async () => {
    const node = await TestGateway.start({ parkedBytes: 0 });
    const client = await WsClient.open(node.ws);
    expect((await client.closed()).code).toBe(1013);
    await node.connected(0);
  });

  it('a client that lost one message gets none of the later ones told, as it will say them all again', async () => {
    const node = await TestGateway.start({ parkedAgeMs: 400 });
    const first = await node.worker();
    const client = await WsClient.open(node.ws);
    await first.event('open');
    first.socket.destroy();
    await until(() => node.gateway.workers.size === 0, 'the worker is gone');
    client.send('lost');
    await new Promise((resolve) => setTimeout(resolve, 200));
    client.send('after the lost one');
    expect((await client.closed()).code).toBe(1013);
    await node.connected(0);
    expect(node.stats.eventsDropped).toBe(2);
    const second = await node.worker();
    await second.event('close');
    expect(second.events).toHaveLength(1);
  });
});
