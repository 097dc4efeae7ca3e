import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { NOT_PINGED } from '../connection/connection.js';
import { RawClient, WsClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';
import type { WorkerRouter } from './worker-router.js';

/** Sends everything to the worker that came last. */
const latest: WorkerRouter = { choose: (_connection, workers) => workers.at(-1)! };

describe('a worker that does not read', () => {
  const options = {
    router: latest,
    pingIntervalMs: 0,
    link: { highWaterMarkBytes: 64 * 1024, maxQueuedBytes: 32 * 1024 * 1024 },
  };
  const LINE = `${'x'.repeat(999)}\n`;

  /** Writes until the gateway stops reading. */
  async function flood(client: RawClient, isPaused: () => boolean): Promise<number> {
    let lines = 0;
    while (!isPaused() && lines < 100_000) {
      for (let i = 0; i < 50; i++, lines++) client.write(LINE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return lines;
  }

  it('has its clients paused before memory grows, and resumed when it reads again: nothing is lost', async () => {
    const node = await TestGateway.start(options);
    const worker = await node.worker();
    const client = await RawClient.dial(node.tcp);
    await worker.event('connect');
    const [connection] = await node.connected(1);
    const [link] = node.gateway.workers.workers;
    worker.socket.pause();
    const lines = await flood(client, () => connection!.transport.isPaused);
    expect(connection!.transport.isPaused).toBe(true);
    expect(link!.paused.size).toBe(1);
    expect(link!.link.queuedBytes).toBeLessThan(2 * 1024 * 1024);
    client.write('last\n');
    worker.socket.resume();
    await until(() => worker.texts.length === lines + 1, 'everything has come');
    expect(worker.texts.at(-1)).toBe('last');
    expect(connection!.transport.isPaused).toBe(false);
    expect(link!.paused.size).toBe(0);
  });

  it('has its clients freed when it goes, and when they are moved to another', async () => {
    const node = await TestGateway.start({ ...options, moveAfterQuietMs: 0 });
    const stuck = await node.worker();
    const client = await RawClient.dial(node.tcp);
    await stuck.event('connect');
    const [connection] = await node.connected(1);
    const [link] = node.gateway.workers.workers;
    stuck.socket.pause();
    await flood(client, () => connection!.transport.isPaused);
    const healthy = await node.worker();
    expect(connection!.transport.isPaused).toBe(false);
    expect(link!.paused.size).toBe(0);
    client.write('to the healthy one\n');
    await until(() => healthy.texts.includes('to the healthy one'), 'it has come');

    healthy.socket.pause();
    await flood(client, () => connection!.transport.isPaused);
    healthy.socket.destroy();
    await until(
      () => !connection!.transport.isPaused || node.gateway.workers.size === 1,
      'the client is freed',
    );
    stuck.socket.resume();
    client.write('back again\n');
    await until(() => stuck.texts.at(-1) === 'back again', 'it has come');
  });

  it('holds on to no client that left meanwhile', async () => {
    const node = await TestGateway.start(options);
    const worker = await node.worker();
    const client = await RawClient.dial(node.tcp);
    await worker.event('connect');
    const [connection] = await node.connected(1);
    const [link] = node.gateway.workers.workers;
    worker.socket.pause();
    await flood(client, () => connection!.transport.isPaused);
    connection!.transport.destroy();
    await node.connected(0);
    expect(link!.paused.size).toBe(0);
  });

  it('loses its link, and nobody else, when even its backlog is too much', async () => {
    const node = await TestGateway.start({
      ...options,
      link: { highWaterMarkBytes: 64 * 1024, maxQueuedBytes: 256 * 1024 },
    });
    const spare = await node.worker();
    const worker = await node.worker();
    worker.socket.pause();
    // New clients are told of however far behind it is: a flood of them is what may pass the limit.
    const clients: RawClient[] = [];
    const filler = await RawClient.dial(node.tcp);
    await flood(filler, () => node.connections[0]?.transport.isPaused ?? false);
    while (node.gateway.workers.size === 2 && clients.length < 60) {
      const client = await RawClient.dial(node.tcp);
      clients.push(client);
      for (let i = 0; i < 60; i++) client.write(LINE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => node.gateway.workers.size === 1, 'the worker is given up');
    clients[0]!.write('hello\n');
    await until(() => spare.texts.includes('hello'), 'the spare worker has it');
    expect(node.log.texts('warn').join()).toContain('is not reading');
  });

  it('does not cost its clients their connection: nobody is idle or silent whom we do not read', async () => {
    const node = await TestGateway.start({ ...options, tcpIdleTimeoutMs: 150 });
    const worker = await node.worker();
    const client = await RawClient.dial(node.tcp);
    await worker.event('connect');
    const [connection] = await node.connected(1);
    worker.socket.pause();
    await flood(client, () => connection!.transport.isPaused);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(node.gateway.table.size).toBe(1);
    connection!.receivedAtPing = connection!.transport.receivedBytes;
    worker.socket.resume();
    await until(() => !connection!.transport.isPaused, 'it is resumed');
    // Its answer to that ping may have lain unread all the time.
    expect(connection!.receivedAtPing).toBe(NOT_PINGED);
    expect(client.isClosed).toBe(false);
  });

  it('does not keep the gateway from hearing the goodbye of a client that it closes', async () => {
    const node = await TestGateway.start({ ...options, closeTimeoutMs: 60_000 });
    const worker = await node.worker();
    const client = await WsClient.open(node.ws);
    await worker.event('open');
    const [connection] = await node.connected(1);
    worker.socket.pause();
    for (let i = 0; i < 100_000 && !connection!.transport.isPaused; i += 50) {
      for (let j = 0; j < 50; j++) client.send(LINE);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(connection!.transport.isPaused).toBe(true);
    node.gateway.closeClient(connection!, 4004, 'enough');
    expect(await client.closed()).toEqual({ code: 4004, reason: 'enough' });
    await node.connected(0);
  });
});
