import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';
import { rendezvousRouter, type WorkerRouter } from './worker-router.js';

const latest: WorkerRouter = { choose: (_connection, workers) => workers.at(-1)! };

describe('a worker that comes', () => {
  it('gets no event of a busy client, and those of a quiet one', async () => {
    const node = await TestGateway.start({ router: latest, moveAfterQuietMs: 400 });
    const old = await node.worker();
    const [busy, quiet] = [await RawClient.dial(node.tcp), await RawClient.dial(node.tcp)];
    await old.received(2);
    const talk = setInterval(() => busy.write('busy\n'), 20);
    const newcomer = await node.worker();
    await until(() => old.texts.length > 45, 'twice the quiet time has passed');
    quiet.write('quiet\n');
    await newcomer.received(1);
    clearInterval(talk);
    expect(newcomer.texts).toEqual(['quiet']);
    expect(new Set(old.texts)).toEqual(new Set(['busy']));
  });

  it('gets its share of the clients once they were quiet, and no others move', async () => {
    const node = await TestGateway.start({ moveAfterQuietMs: 50 });
    const old = await node.worker();
    const clients = await Promise.all(Array.from({ length: 40 }, () => RawClient.dial(node.tcp)));
    const connections = await node.connected(40);
    await old.received(40);
    const newcomer = await node.worker();
    const { workers } = node.gateway;
    const share = connections.filter((client) => rendezvousRouter.choose(client, workers.workers).id !== 1);
    expect(share.length).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const client of clients) client.write('moved?\n');
    await until(() => old.texts.length + newcomer.texts.length === 40, 'all have come');
    expect(new Set(newcomer.events.map(({ connectionId }) => connectionId))).toEqual(
      new Set(share.map(({ id }) => id)),
    );
  });
});

describe("a router of one's own that fails", () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('no idea');
      },
      'failed: Error: no idea',
    ],
    ['returns nothing', () => undefined, 'returned none of the 1 workers'],
    ['returns a stranger', () => ({ id: 1 }), 'returned none of the 1 workers'],
    ['promises', () => Promise.reject(new Error('later')), 'returned none of the 1 workers'],
  ])('%s', async (_what, choose, remark) => {
    // prettier-ignore
    const node = await TestGateway.start({ router: { choose } as unknown as WorkerRouter });
    const worker = await node.worker();
    const clients = [await RawClient.dial(node.tcp), await RawClient.dial(node.tcp)];
    for (const client of clients) client.write('served\n');
    await worker.received(4);
    expect(worker.texts).toEqual(['served', 'served']);
    expect(node.stats.routerFailures).toBe(2);
    expect(node.log.texts('error')).toHaveLength(1);
    expect(node.log.texts('error')[0]).toContain(`"choose" of the gateway's router ${remark}`);
  });
});
