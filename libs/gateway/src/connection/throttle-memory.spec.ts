import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { heldBytes } from '../../../../test/links/held-bytes.js';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';

const MiB = 1024 * 1024;
const LINES = 'x'.repeat(999).concat('\n').repeat(64);

describe('clients that flood and are delayed', () => {
  it('cost no more memory, however long they flood', async () => {
    const node = await TestGateway.start({ maxBytesPerSecond: 100_000, throttleBurstMs: 100 });
    const worker = await node.worker();
    const flooders: RawClient[] = [];
    for (let i = 0; i < 30; i++) flooders.push(await RawClient.dial(node.tcp));
    const connections = await node.connected(30);
    const over = new AbortController();
    const floods = Promise.all(
      flooders.map(async ({ socket }) => {
        while (!over.signal.aborted) {
          if (socket.writable && socket.writableLength === 0) socket.write(LINES);
          else await sleep(5);
        }
      }),
    );
    await until(() => connections.every(({ transport }) => transport.isPaused), 'all of them wait');
    await sleep(500); // what the systems of both ends hold is full
    worker.events.length = 0;
    const before = await heldBytes();
    for (let i = 0; i < 8; i++) {
      await sleep(200);
      worker.events.length = 0;
    }
    expect((await heldBytes()) - before).toBeLessThan(8 * MiB);
    over.abort();
    await floods;
    expect(connections.every(({ isOnline }) => isOnline)).toBe(true);
  });
});
