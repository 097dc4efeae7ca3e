import { describe, expect, it } from 'vitest';
import { COMMANDS } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient, WsClient } from '../test/clients.js';
import type { NestwirePeer } from '../test/nestwire-peer.js';
import { TestGateway } from '../test/test-gateway.js';

const start = (options: Parameters<typeof TestGateway.start>[0] = {}): Promise<TestGateway> =>
  TestGateway.start({ protocol: 'nestwire', ...options });

const acknowledgeAll = (worker: NestwirePeer): void =>
  worker.acknowledge(...worker.events.map(({ sequence }) => sequence));

describe('what a worker that leaves has kept back', () => {
  it('leaves its client unread when the next worker is behind, too', async () => {
    const node = await start();
    const leaving = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    await leaving.received(1);
    // So little that one message is more than it may have.
    const next = await node.nestwireWorker(1);
    leaving.leave();
    await until(() => leaving.hasLeft, 'it leaves');
    client.send('kept back');
    const [connection] = node.connections;
    await until(() => connection!.transport.isPaused, 'the client is not read');
    leaving.acknowledge(1);
    await next.received(1);
    await leaving.ask(COMMANDS.getClientCount, undefined);
    expect(connection!.transport.isPaused).toBe(true);
    next.acknowledge(1);
    await until(() => !connection!.transport.isPaused, 'the client is read again');
    client.send('newer');
    await next.received(2);
    expect(next.story).toEqual(['kept back', 'newer']);
  });

  it('goes out before anything newer also when its acknowledgement is wrong', async () => {
    const node = await start();
    const leaving = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    await leaving.received(1);
    const next = await node.nestwireWorker();
    leaving.leave();
    await until(() => leaving.hasLeft, 'it leaves');
    client.send('kept back');
    const [connection] = node.connections;
    await until(() => connection!.transport.isPaused, 'the client is not read');
    const { workers } = node.gateway;
    const [worker] = workers.workers;
    const released: number[] = [];
    expect(() =>
      workers.acknowledge(worker!, 1, 2, (_connection, events) => released.push(events.length)),
    ).toThrow('Event 2 was acknowledged');
    expect(released).toEqual([1]);
    next.link.destroy();
  });

  it('ends where the first of it found no room: nothing of the client is told without what came before', async () => {
    const node = await start({ parkedClientBytes: 2_000 });
    const worker = await node.nestwireWorker();
    const client = await RawClient.dial(node.tcp);
    await worker.received(1);
    worker.leave();
    await until(() => worker.hasLeft, 'it leaves');
    client.write(`fits\n${'x'.repeat(3_000)}\nbehind it\n`);
    const [connection] = node.connections;
    await until(() => connection!.transport.isPaused, 'the client is not read');
    worker.acknowledge(1);
    await until(() => client.isClosed, 'it is told to come back later');
    await node.connected(0);
    const next = await node.nestwireWorker();
    await next.received(2);
    expect(next.story).toEqual(['fits', 'close']);
    expect(node.stats.eventsDropped).toBe(2);
  });

  it('is told all but what found no room where messages may be dropped', async () => {
    const node = await start({ parkedClientBytes: 2_000, withoutWorker: 'drop' });
    const worker = await node.nestwireWorker();
    const client = await RawClient.dial(node.tcp);
    await worker.received(1);
    worker.leave();
    await until(() => worker.hasLeft, 'it leaves');
    client.write(`fits\n${'x'.repeat(3_000)}\nbehind it\n`);
    await until(() => node.connections[0]!.transport.isPaused, 'the client is not read');
    worker.acknowledge(1);
    await until(() => node.gateway.parkedEvents === 2, 'what fits is parked');
    const next = await node.nestwireWorker();
    await next.received(2);
    expect(next.story).toEqual(['fits', 'behind it']);
    expect(node.stats.eventsDropped).toBe(1);
    expect(client.isClosed).toBe(false);
  });
});

describe('a worker', () => {
  it.each(['asks for events', 'leaves'] as const)('that %s twice loses its link', async (what) => {
    const node = await start();
    const worker = await node.nestwireWorker();
    if (what === 'leaves') worker.leave();
    if (what === 'leaves') worker.leave();
    else worker.takeEvents();
    await worker.closed();
    expect(node.stats.badLinks).toBe(1);
    expect(node.log.texts('warn').join()).toContain('twice');
  });
});

describe('a gateway that stops before its workers are done', () => {
  it('does not tell them that all is told, and loses none of them', async () => {
    const node = await start({ drainTimeoutMs: 200 });
    const [done, busy] = [await node.nestwireWorker(), await node.nestwireWorker()];
    const clients = await Promise.all(Array.from({ length: 12 }, () => WsClient.open(node.ws)));
    await until(() => done.events.length + busy.events.length === 12, 'all have come');
    expect(busy.events.length).toBeGreaterThan(0);
    done.onEvent = ({ sequence }) => done.acknowledge(sequence);
    acknowledgeAll(done);
    await node.gateway.close();
    for (const client of clients) await client.closed();
    await done.closed();
    await busy.closed();
    expect([done.hasLeft, busy.hasLeft]).toEqual([true, false]);
    expect(node.stats.workersLost).toBe(0);
    // An open and a close each.
    const left = busy.events.length;
    expect(left % 2).toBe(0);
    expect(node.stats).toMatchObject({ eventsRedelivered: 0, eventsDropped: left });
    expect(node.log.texts('warn').join()).toContain(`Stopped with ${left} events`);
  });
});
