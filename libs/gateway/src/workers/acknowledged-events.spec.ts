import { describe, expect, it } from 'vitest';
import { COMMANDS, writeAcknowledge } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { WsClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';

const start = (options: Parameters<typeof TestGateway.start>[0] = {}): Promise<TestGateway> =>
  TestGateway.start({ protocol: 'nestwire', ...options });

describe('events that a worker has not acknowledged', () => {
  it('go to another worker when it is gone, marked, and before anything newer of the same client', async () => {
    const node = await start();
    const first = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    for (const text of ['one', 'two', 'three']) client.send(text);
    await first.received(4);
    first.acknowledge(1, 2);
    await until(() => node.gateway.workers.unacknowledged === 2, 'two are acknowledged');
    const second = await node.nestwireWorker();
    first.link.destroy();
    await until(() => node.gateway.workers.size === 1, 'the first is gone');
    client.send('four');
    await second.received(3);
    expect(second.story).toEqual(['two again', 'three again', 'four']);
    expect(node.stats).toMatchObject({ eventsRedelivered: 2, workersLost: 1, eventsDropped: 0 });
    expect(client.closing).toBeUndefined();
  });

  it('wait in the parking when there is no other worker, an open that may have been handled among them', async () => {
    const node = await start();
    const first = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    client.send('one');
    await first.received(2);
    first.link.destroy();
    await until(() => node.gateway.workers.size === 0, 'it is gone');
    client.send('two');
    await until(() => node.gateway.parkedEvents === 3, 'three events are parked');
    client.socket.close();
    await until(() => node.gateway.parkedEvents === 4, 'its close is parked, too');
    const second = await node.nestwireWorker();
    await second.received(4);
    expect(second.story).toEqual(['open again', 'one again', 'two', 'close']);
  });

  it('are given on again and again, until a worker gets done with them', async () => {
    const node = await start();
    let worker = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    client.send('one');
    await worker.received(2);
    for (let round = 0; round < 3; round++) {
      worker.link.destroy();
      await until(() => node.gateway.workers.size === 0, 'it is gone');
      worker = await node.nestwireWorker();
      await worker.received(2);
      expect(worker.story).toEqual(['open again', 'one again']);
    }
    worker.acknowledge(1, 2);
    await until(() => node.gateway.workers.unacknowledged === 0, 'it is done with them');
  });

  it('carry the session as it is when they are sent again', async () => {
    const node = await start();
    const first = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    client.send('one');
    await first.received(2);
    const { connectionId } = first.events[1]!.event;
    first.command(COMMANDS.setSession, { connectionId, session: Buffer.from('{"step":1}') });
    await first.ask(COMMANDS.getClientCount, undefined);
    const second = await node.nestwireWorker();
    first.link.destroy();
    await second.received(2);
    expect(second.events[1]!.event.session.toString()).toBe('{"step":1}');
  });

  it('of a client that is gone by then go to one worker, open to close', async () => {
    const node = await start();
    const first = await node.nestwireWorker();
    const clients = await Promise.all([1, 2, 3, 4, 5, 6].map(() => WsClient.open(node.ws)));
    for (const client of clients) {
      client.send('bye');
      client.socket.close();
    }
    await first.received(18);
    const others = [await node.nestwireWorker(), await node.nestwireWorker()];
    first.link.destroy();
    await until(() => others.reduce((sum, { events }) => sum + events.length, 0) === 18, 'all have come');
    for (const { events } of others) {
      const byClient = new Map<number, string[]>();
      for (const { event } of events)
        byClient.set(event.connectionId, [...(byClient.get(event.connectionId) ?? []), event.type]);
      for (const types of byClient.values()) expect(types).toEqual(['open', 'message', 'close']);
    }
  });
});

describe('acknowledgements', () => {
  it('come in any order, and one event that takes long keeps none of the others', async () => {
    const node = await start();
    const worker = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    for (let i = 0; i < 99; i++) client.send(`${i}`);
    await worker.received(100);
    worker.write((writer) => writeAcknowledge(writer, [50, 51, 2, 48]));
    await until(() => node.gateway.workers.unacknowledged === 1, 'all but the first are done with');
    worker.acknowledge(1);
    await until(() => node.gateway.workers.unacknowledged === 0, 'and the first');
  });

  it.each([
    ['twice for the same event', [1, 1, 1, 1]],
    ['for an event that was not sent', [2, 1]],
    ['for more events than were sent', [1, 4_294_967_295]],
    ['for no event', [1, 0]],
  ])('%s end the link', async (_what, ranges) => {
    const node = await start();
    const worker = await node.nestwireWorker();
    await WsClient.open(node.ws);
    await worker.received(1);
    worker.write((writer) => writeAcknowledge(writer, ranges));
    await worker.closed();
    expect(node.stats.badLinks).toBe(1);
    expect(node.log.texts('warn').join()).toContain('cknowledge');
  });

  it('bound what a worker may have: above its window its clients are not read, and others do not feel it', async () => {
    const node = await start();
    const slow = await node.nestwireWorker(8 * 1024);
    const client = await WsClient.open(node.ws);
    await slow.received(1);
    for (let i = 0; i < 2_000; i++) client.send('x'.repeat(1024));
    await until(() => node.connections[0]!.transport.isPaused, 'the client is not read');
    const { unacknowledged } = node.gateway.workers;
    expect(unacknowledged).toBeLessThan(200);
    // The link itself is read and written on: replies come.
    expect(await slow.ask(COMMANDS.getClientCount, undefined)).toBe(1);
    let done = 0;
    await until(() => {
      const next = slow.events.slice(done).map(({ sequence }) => sequence);
      if (next.length > 0) slow.acknowledge(...next);
      done += next.length;
      return done === 2_001;
    }, 'everything has come after all');
  });
});

describe('a worker that joins', () => {
  it('gets a client only when nothing of it is left at its former worker', async () => {
    const node = await start();
    const first = await node.nestwireWorker();
    const clients = await Promise.all(Array.from({ length: 20 }, () => WsClient.open(node.ws)));
    await first.received(20);
    const second = await node.nestwireWorker();
    for (const client of clients) client.send('busy');
    await first.received(40);
    expect(second.events).toEqual([]);
    first.acknowledge(...first.events.map(({ sequence }) => sequence));
    await until(() => node.gateway.workers.unacknowledged === 0, 'the first is done');
    for (const client of clients) client.send('quiet');
    await until(() => first.events.length + second.events.length === 60, 'all have come');
    expect(second.events.length).toBeGreaterThan(0);
    expect(second.story.every((text) => text === 'quiet')).toBe(true);
  });
});

describe('a worker that leaves', () => {
  it('gets nothing new, and its clients follow as soon as it is done with what it has', async () => {
    const node = await start();
    const first = await node.nestwireWorker();
    const busy = await WsClient.open(node.ws);
    busy.send('before');
    const quiet = await WsClient.open(node.ws);
    await first.received(3);
    const quietOpen = first.events.find(
      ({ event }) => event.connectionId !== first.events[0]!.event.connectionId,
    )!;
    first.acknowledge(quietOpen.sequence);
    const second = await node.nestwireWorker();
    first.leave();
    await until(() => first.hasLeft, 'it is told that nothing more comes');
    busy.send('after');
    quiet.send('hello');
    await second.received(1);
    expect(second.story).toEqual(['hello']);
    first.acknowledge(...first.events.filter((sent) => sent !== quietOpen).map(({ sequence }) => sequence));
    await second.received(2);
    expect(second.story).toEqual(['hello', 'after']);
    first.link.close();
    await until(() => node.gateway.workers.size === 1, 'it is gone');
    expect(first.events.length).toBe(3);
    expect(node.stats).toMatchObject({ eventsRedelivered: 0, workersLost: 0 });
  });

  it('and dies before it is done: what it had goes on before what was held back', async () => {
    const node = await start();
    const first = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    client.send('one');
    await first.received(2);
    const second = await node.nestwireWorker();
    first.leave();
    await until(() => first.hasLeft, 'it is told that nothing more comes');
    client.send('two');
    await until(() => node.connections[0]!.transport.isPaused, 'the client is held back');
    client.send('three');
    first.link.destroy();
    await second.received(4);
    expect(second.story).toEqual(['open again', 'one again', 'two', 'three']);
  });

  it('and never finishes is given up after as long as events may wait', async () => {
    const node = await start({ parkedAgeMs: 200 });
    const first = await node.nestwireWorker();
    const client = await WsClient.open(node.ws);
    await first.received(1);
    const second = await node.nestwireWorker();
    first.leave();
    client.send('one');
    await first.closed();
    await second.received(2);
    expect(second.story).toEqual(['open again', 'one']);
    expect(node.log.texts('warn').join()).toContain('wanted to leave and still had events after 200 ms');
  });
});
