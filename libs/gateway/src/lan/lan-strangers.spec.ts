import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';

const KiB = 1024;

describe('strangers on the LAN port', () => {
  it('get no more links than maxLinks, and are counted and logged once', async () => {
    const node = await TestGateway.start({ maxLinks: 2 });
    const worker = await node.worker();
    const caller = await node.caller();
    for (let i = 0; i < 3; i++) await (await node.caller()).closed();
    await caller.settled();
    expect(worker.isClosed).toBe(false);
    expect(node.stats.linksRefused).toBe(3);
    expect(node.stats.badLinks).toBe(0);
    expect(node.log.texts('warn')).toHaveLength(1);
    expect(node.log.texts('warn')[0]).toContain('there are 2 links, which is the limit');
    caller.socket.destroy();
    await until(() => node.gateway.workers.size === 1, 'the worker stays');
  });

  it('that announce large frames and stall are closed, and are counted', async () => {
    const maxFrameBytes = 256 * KiB;
    const node = await TestGateway.start({
      maxMessageBytes: 1_000,
      link: { maxFrameBytes, frameTimeoutMs: 300, maxCarriedBytes: 4 * maxFrameBytes },
    });
    const bystander = await node.caller();
    const started = Buffer.alloc(240 * KiB);
    started.writeUInt32BE(maxFrameBytes, 0);
    const strangers = await Promise.all(Array.from({ length: 10 }, () => node.caller()));
    for (const { socket } of strangers) socket.write(started);
    for (const stranger of strangers) await stranger.closed();
    expect(node.stats.badLinks).toBe(10);
    expect(node.log.texts('warn').join()).toContain('unfinished frames may take 1048576 bytes');
    expect(node.log.texts('warn').join()).toContain('got no further in 300 ms');
    await bystander.settled();
  });
});

describe('sockets that never upgrade', () => {
  it('are dropped and counted beyond as many as may be on their way', async () => {
    const node = await TestGateway.start({
      maxConnections: 1,
      maxAcceptsPerSecond: 0, // with a limit those who wait for their turn count, too
      upgradeTimeoutMs: 60_000,
    });
    const sockets = await Promise.all(Array.from({ length: 20 }, () => RawClient.dial(node.ws)));
    await until(() => node.stats.connectionsRefused === 3, 'three have been dropped');
    await until(() => sockets.filter(({ isClosed }) => isClosed).length === 3, 'they know');
    expect(node.gateway.table.size).toBe(0);
  });
});
