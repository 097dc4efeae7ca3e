import { describe, expect, it } from 'vitest';
import { COMMANDS } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient, WsClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';
import type { WorkerRouter } from './worker-router.js';

/** Sends everything to the worker that came last. */
const latest: WorkerRouter = { choose: (_connection, workers) => workers.at(-1)! };

describe('events', () => {
  it('go to workers only, and say who the client is', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    const caller = await node.caller();
    const ws = await WsClient.open(node.ws);
    const tcp = await RawClient.dial(node.tcp);
    await worker.received(2);
    ws.send('w');
    tcp.write('t\n');
    await worker.received(4);
    ws.socket.close();
    tcp.socket.end();
    const events = await worker.received(6);
    const idOf = (type: string): unknown => events.find((event) => event.type === type)?.connectionId;
    const [wsId, tcpId] = [idOf('open'), idOf('connect')];
    expect(wsId).not.toBe(tcpId);
    expect(idOf('message')).toBe(wsId);
    expect(idOf('receive')).toBe(tcpId);
    const closes = events.filter(({ type }) => type === 'close');
    expect(new Set(closes.map(({ connectionId }) => connectionId))).toEqual(new Set([wsId, tcpId]));
    expect(caller.frames).toEqual([]);
  });

  it('of one client keep their order, however many there are', async () => {
    const node = await TestGateway.start();
    const workers = [await node.worker(), await node.worker(), await node.worker()];
    const clients = await Promise.all(Array.from({ length: 12 }, () => RawClient.dial(node.tcp)));
    await node.connected(12);
    for (let i = 0; i < 200; i++)
      for (const client of clients) client.write(`${client.socket.localPort} ${i}\n`);
    const count = (): number => workers.reduce((sum, { texts }) => sum + texts.length, 0);
    await until(() => count() === 12 * 200, 'all messages have come');
    for (const client of clients) {
      const port = client.socket.localPort;
      const seenBy = workers.filter(({ texts }) => texts.some((text) => text.startsWith(`${port} `)));
      expect(seenBy).toHaveLength(1);
      const mine = seenBy[0]!.texts.filter((text) => text.startsWith(`${port} `));
      expect(mine).toEqual(Array.from({ length: 200 }, (_, i) => `${port} ${i}`));
    }
  });

  it("go where a router of one's own says, and move with it", async () => {
    const node = await TestGateway.start({ router: latest, moveAfterQuietMs: 0 });
    const first = await node.worker();
    const client = await WsClient.open(node.ws);
    await first.event('open');
    const second = await node.worker();
    client.send('to the second');
    await second.received(1);
    second.socket.destroy();
    await until(() => node.gateway.workers.size === 1, 'the second is gone');
    client.send('to the first again');
    await first.received(2);
    expect(first.texts).toEqual(['to the first again']);
    expect(second.texts).toEqual(['to the second']);
    expect(client.closing).toBeUndefined();
  });

  it('are told to a link once, however often it says that it is a worker', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    worker.write((writer) => {
      writer.u8(COMMANDS.registerWorker.code);
      COMMANDS.registerWorker.request.write(writer, ['tag', 1, null]);
    });
    await WsClient.open(node.ws);
    await worker.received(1);
    expect(node.gateway.workers.size).toBe(1);
    expect(worker.events).toHaveLength(1);
  });
});

describe('a worker that leaves', () => {
  it('by closing its side gets what was sent, and nothing more is routed to it', async () => {
    const node = await TestGateway.start({ router: latest });
    const stays = await node.worker();
    const leaves = await node.worker();
    const client = await WsClient.open(node.ws);
    await leaves.event('open');
    client.send('in time');
    await leaves.received(2);
    leaves.socket.removeAllListeners('end');
    leaves.socket.end();
    await until(() => node.gateway.workers.size === 1, 'it is not routed to any more');
    client.send('too late');
    await stays.received(1);
    expect(leaves.texts).toEqual(['in time']);
    expect(stays.texts).toEqual(['too late']);
    expect(client.closing).toBeUndefined();
  });

  it('without a word is given up after workerSilenceTimeoutMs, and one that pings is not', async () => {
    const node = await TestGateway.start({ workerSilenceTimeoutMs: 300, router: latest });
    const pinging = await node.worker();
    const silent = await node.worker();
    const beat = setInterval(() => pinging.write((writer) => writer.u8(COMMANDS.ping.code)), 50);
    const caller = await node.caller();
    await silent.closed();
    await new Promise((resolve) => setTimeout(resolve, 400));
    clearInterval(beat);
    expect(pinging.isClosed).toBe(false);
    expect(caller.isClosed).toBe(false);
    expect(node.gateway.workers.size).toBe(1);
    expect(node.log.texts('warn').join()).toContain('has sent nothing for 300 ms');
    expect(node.stats.badLinks).toBe(1);
  });
});
