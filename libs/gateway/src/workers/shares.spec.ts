import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { WsClient } from '../test/clients.js';
import type { NestwirePeer } from '../test/nestwire-peer.js';
import { TestGateway } from '../test/test-gateway.js';
import type { WorkerRouter } from './worker-router.js';

const KiB = 1024;
const LARGE = 'x'.repeat(KiB);
const MESSAGES = 2_000;

/** Acknowledges what is there, and what comes, until that many events have come. */
async function handleAll(worker: NestwirePeer, events: number): Promise<void> {
  let done = 0;
  await until(() => {
    const next = worker.events.slice(done).map(({ sequence }) => sequence);
    if (next.length > 0) worker.acknowledge(...next);
    done += next.length;
    return done === events;
  }, 'everything has come after all');
}

function flood(client: WsClient): void {
  for (let i = 0; i < MESSAGES; i++) client.send(LARGE);
}

describe('a client whose events are not done with', () => {
  it('has its share of the worker and no more, is read again at half of it, and the other clients do not feel it', async () => {
    const node = await TestGateway.start({
      protocol: 'nestwire',
      maxUnacknowledgedClientBytes: 64 * KiB,
    });
    const worker = await node.nestwireWorker();
    const greedy = await WsClient.open(node.ws);
    const [hung] = await node.connected(1);
    flood(greedy);
    await until(() => hung!.transport.isPaused, 'the client is not read');
    // What one read of its socket had may have come, beyond its share.
    expect(hung!.unacknowledgedBytes).toBeLessThan(256 * KiB);

    const modest = await WsClient.open(node.ws);
    for (let n = 1; n <= 20; n++) {
      modest.send(`modest ${n}`);
      await until(() => worker.story.at(-1) === `modest ${n}`, 'it has come');
    }
    const [, other] = await node.connected(2);
    expect([hung!.transport.isPaused, other!.transport.isPaused]).toEqual([true, false]);

    await handleAll(worker, 2 + MESSAGES + 20);
    await until(() => hung!.unacknowledgedBytes === 0, 'all is done with');
    expect(hung!.transport.isPaused).toBe(false);
    expect(greedy.closing).toBeUndefined();
  });

  it('is read again when its worker is gone, and held back anew for the next one', async () => {
    const node = await TestGateway.start({
      protocol: 'nestwire',
      maxUnacknowledgedClientBytes: 64 * KiB,
    });
    const first = await node.nestwireWorker();
    const greedy = await WsClient.open(node.ws);
    const [hung] = await node.connected(1);
    flood(greedy);
    await until(() => hung!.transport.isPaused, 'the client is not read');
    const second = await node.nestwireWorker();
    first.link.destroy();
    await until(() => node.gateway.workers.size === 1, 'the first is gone');
    expect(hung!.transport.isPaused).toBe(true);
    await handleAll(second, 1 + MESSAGES);
    await until(() => !hung!.transport.isPaused, 'it is read');
  });
});

it('a worker that is slow has its own clients held back, and those of another worker do not feel it', async () => {
  const places: number[] = [];
  const inTurn: WorkerRouter = {
    choose: ({ id }, workers) => {
      if (!places.includes(id)) places.push(id);
      return workers[places.indexOf(id) % 2]!;
    },
  };
  const node = await TestGateway.start({ protocol: 'nestwire', router: inTurn });
  const slow = await node.nestwireWorker(8 * KiB);
  const quick = await node.nestwireWorker(8 * KiB);
  const patient = await WsClient.open(node.ws);
  await slow.received(1);
  const lucky = await WsClient.open(node.ws);
  await quick.received(1);
  quick.acknowledge(1);
  flood(patient);
  const [first, second] = await node.connected(2);
  await until(() => first!.transport.isPaused, 'the client of the slow one is not read');
  for (let n = 1; n <= 50; n++) {
    lucky.send(LARGE);
    await quick.received(1 + n);
    expect(second!.transport.isPaused).toBe(false);
    quick.acknowledge(1 + n);
  }
  expect(first!.transport.isPaused).toBe(true);
  expect(slow.events.length).toBeLessThan(200);
  expect(process.memoryUsage().arrayBuffers).toBeLessThan(64 * KiB * KiB);
  await handleAll(slow, 1 + MESSAGES);
});

/** Sends whoever may move to the worker that came last. */
const latest: WorkerRouter = { choose: (_connection, workers) => workers.at(-1)! };

describe('a client that waits for its worker, which is behind with what others sent', () => {
  it.each(['before', 'after'])(
    'goes on with a worker that joins %s it was done with what the client had sent',
    async (when) => {
      const node = await TestGateway.start({ protocol: 'nestwire', router: latest });
      const slow = await node.nestwireWorker(8 * KiB);
      const greedy = await WsClient.open(node.ws);
      const modest = await WsClient.open(node.ws);
      await slow.received(2);
      slow.acknowledge(1, 2);
      flood(greedy);
      await until(() => node.connections[0]!.transport.isPaused, 'the worker is behind');
      modest.send('early');
      await until(() => slow.story.at(-1) === 'early', 'it has come');
      const waiting = node.connections[1]!;
      expect(waiting.transport.isPaused).toBe(true);

      const { sequence } = slow.events.at(-1)!;
      if (when === 'after') slow.acknowledge(sequence);
      if (when === 'after') await until(() => waiting.unacknowledgedBytes === 0, 'it is done with');
      const fresh = await node.nestwireWorker();
      if (when === 'before') slow.acknowledge(sequence);
      await until(() => !waiting.transport.isPaused, 'it is read again');
      modest.send('late');
      await fresh.received(1);
      expect(fresh.story).toEqual(['late']);
      expect(node.connections[0]!.transport.isPaused).toBe(true);
    },
  );
});
