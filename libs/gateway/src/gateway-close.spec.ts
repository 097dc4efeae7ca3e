import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Feature } from '#protocol';
import { RegisterServer } from '#register';
import { until } from '../../../test/links/link-kit.js';
import { Gateway } from './gateway.js';
import { closeFrameIn, RawClient, upgradeRequest, WsClient } from './test/clients.js';
import { LanPeer } from './test/lan-peer.js';
import { decoded, LogRecorder, registerSink, TestGateway } from './test/test-gateway.js';

describe('a gateway that stops', () => {
  it('tells its clients to come back with 1012, and the workers that they are gone', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    const clients = [await WsClient.open(node.ws), await WsClient.open(node.ws)];
    const tcp = await RawClient.dial(node.tcp);
    await worker.received(3);
    await node.gateway.close();
    for (const client of clients)
      expect(await client.closed()).toEqual({ code: 1012, reason: 'the gateway restarts' });
    await tcp.closed();
    await worker.closed();
    const closes = worker.events.slice(3);
    expect(closes.map(({ type }) => type)).toEqual(['close', 'close', 'close']);
    const codes = closes.map(
      (event) => (decoded((event as { details: Buffer }).details) as { code?: number }).code,
    );
    expect(codes.filter((code) => code === 1012)).toHaveLength(2);
    expect(node.stats.closedWith[1012]).toBe(3);
    expect(node.gateway.table.size).toBe(0);
  });

  it('leaves the register before anything else', async () => {
    const register = new RegisterServer({ listen: '127.0.0.1:0' });
    const { port } = await register.listen();
    const node = await TestGateway.start({ protocol: 'nestwire', registers: [`127.0.0.1:${port}`] });
    await until(() => register.gateways.length === 1, 'the register knows it');
    const { id, address } = node.gateway;
    expect(register.gateways).toEqual([{ id, address, zone: '', features: Feature.Batches }]);
    const client = await WsClient.open(node.ws);
    let knownWhenClosed: number | undefined;
    client.socket.on('close', () => (knownWhenClosed = register.gateways.length));
    await node.gateway.close();
    await client.closed();
    expect(knownWhenClosed).toBe(0);
    await register.close();
  });

  it('says the farewell message first, to clients of every kind', async () => {
    for (const receiver of ['nestwire', 'ws'] as const) {
      const node = await TestGateway.start({
        receiver,
        farewellMessage: 'back in {comeBackInMs}',
        comeBackWithinMs: 900,
      });
      const client = await WsClient.open(node.ws);
      const tcp = await RawClient.dial(node.tcp);
      await node.connected(2);
      await node.gateway.close();
      const { code, reason } = await client.closed();
      const inMs = /^the gateway restarts, come back in (\d+) ms$/.exec(reason)?.[1];
      expect(code).toBe(1012);
      expect(client.texts).toEqual([`back in ${inMs}`]);
      await tcp.closed();
      expect(tcp.text).toMatch(/^back in \d{1,3}\n$/);
    }
  });

  it('serves clients until it is their turn, and their close events run meanwhile', async () => {
    const node = await TestGateway.start({ farewellPerSecond: 10 });
    const worker = await node.worker();
    const clients: RawClient[] = [];
    for (let i = 0; i < 8; i++) clients.push(await RawClient.dial(node.tcp));
    await worker.received(8);
    const closing = node.gateway.close();
    await worker.event('close');
    const late = clients.findLast(({ isClosed }) => !isClosed)!;
    late.write('still here\n');
    await worker.event('receive');
    expect(worker.texts).toEqual(['still here']);
    expect(node.gateway.table.size).toBeGreaterThan(0);
    await closing;
    for (const client of clients) await client.closed();
    await worker.closed();
    expect(worker.events.filter(({ type }) => type === 'close')).toHaveLength(8);
  });

  it('takes no new clients, and turns away one whose upgrade was under way', async () => {
    const node = await TestGateway.start({ closeTimeoutMs: 1_000 });
    const never = await RawClient.upgrade(node.ws); // answers no close frame, and so holds the drain open
    const late = await RawClient.dial(node.ws);
    late.write(upgradeRequest('/').slice(0, 60));
    await until(() => late.socket.bytesWritten >= 60, 'half of the request is sent');
    const closing = node.gateway.close();
    await until(() => closeFrameIn(never.received) !== undefined, 'clients are being closed');
    late.write(upgradeRequest('/').slice(60));
    await late.closed();
    if (late.text.startsWith('HTTP/1.1 101')) {
      const frames = late.received.subarray(late.text.indexOf('\r\n\r\n') + 4);
      expect(closeFrameIn(frames)).toEqual({ code: 1012, reason: 'the gateway restarts' });
    }
    await expect(RawClient.dial(node.ws)).rejects.toThrow('ECONNREFUSED');
    await closing;
    expect(node.stats.connectionsOpened).toBe(1);
  });

  it('ends in time with clients that never answer, and workers still learn that they are gone', async () => {
    const node = await TestGateway.start({ closeTimeoutMs: 60_000, drainTimeoutMs: 300 });
    const worker = await node.worker();
    const mute = await RawClient.upgrade(node.ws);
    const frozen = connect({ port: Number(new URL(node.tcp!).port), host: '127.0.0.1', allowHalfOpen: true });
    await once(frozen, 'connect');
    await worker.received(2);
    const started = performance.now();
    await node.gateway.close();
    expect(performance.now() - started).toBeLessThan(2_500);
    await mute.closed();
    frozen.destroy();
    await worker.closed();
    expect(worker.events.filter(({ type }) => type === 'close')).toHaveLength(2);
  });

  it('waits for a worker that is behind, so that its close events arrive', async () => {
    const node = await TestGateway.start({ link: { closeTimeoutMs: 200 }, maxQueuedBytes: 0 });
    const worker = await node.worker();
    const client = await RawClient.dial(node.tcp);
    await worker.event('connect');
    const [link] = node.gateway.workers.workers;
    worker.socket.pause();
    while (link!.link.queuedBytes < 2 * 1024 * 1024) {
      client.write(`${'x'.repeat(60_000)}\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const closing = node.gateway.close();
    setTimeout(() => worker.socket.resume(), 600);
    await closing;
    await worker.event('close');
  });

  it('may be closed any number of times, also while it starts and when it never listened', async () => {
    const node = await TestGateway.start();
    await Promise.all([node.gateway.close(), node.gateway.close()]);
    await node.gateway.close();

    const options = { lan: '127.0.0.1:0', listen: ['ws://127.0.0.1:0'], registers: [await registerSink()] };
    await new Gateway(options, new LogRecorder()).close();

    const starting = new Gateway(options, new LogRecorder());
    const listening = starting.listen();
    await starting.close();
    await listening;
    await expect(LanPeer.dial(starting.address)).rejects.toThrow('ECONNREFUSED');
    await expect(RawClient.dial(starting.urls[0])).rejects.toThrow('ECONNREFUSED');
  });

  it('counts and reports what no worker was there to take', async () => {
    const node = await TestGateway.start();
    const worker = await node.worker();
    await WsClient.open(node.ws);
    await worker.event('open');
    worker.socket.destroy();
    await until(() => node.gateway.workers.size === 0, 'the worker is gone');
    await node.gateway.close();
    expect(node.stats.eventsDropped).toBe(1);
    expect(node.log.texts('warn')).toContain(
      'Stopped with 1 events that no worker was there to take, or to get done with',
    );
  });
});
