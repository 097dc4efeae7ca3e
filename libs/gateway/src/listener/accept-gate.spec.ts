import { fork } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { COMMANDS } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient, upgradeRequest, WsClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';
import { AcceptGate } from './accept-gate.js';
import { listenOn } from './listening-server.js';

/** One comes in at once and one a second after it; five wait. */
const ONE_A_SECOND = { maxAcceptsPerSecond: 1 };
const MOST_WAITING = 5;

/** Each on its way before the next: so they arrive in this order. */
async function knock(node: TestGateway, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  for (let i = 0; i < count; i++) {
    const client = await RawClient.dial(node.ws);
    client.write(upgradeRequest('/'));
    clients.push(client);
  }
  return clients;
}

function upgraded(clients: readonly RawClient[]): number {
  return clients.filter(({ text }) => text.startsWith('HTTP/1.1 101')).length;
}

describe('more clients than may come in a second', () => {
  it('wait for their turn, unread, and come in as they came', async () => {
    const node = await TestGateway.start({ maxAcceptsPerSecond: 20 });
    const started = performance.now();
    const clients = await knock(node, 12);
    const order: number[] = [];
    await until(() => {
      clients.forEach(({ chunks }, i) => chunks.length > 0 && !order.includes(i) && order.push(i));
      return order.length === clients.length;
    }, 'all have been answered');
    expect(upgraded(clients)).toBe(12);
    expect(order).toEqual(clients.map((_, i) => i));
    // Two come at once, which is a tenth of a second's worth; ten wait, at twenty a second.
    expect(performance.now() - started).toBeGreaterThan(499);
    expect(node.stats.connectionsDelayed).toBeGreaterThan(5);
    expect(node.stats.connectionsRefused).toBe(0);
    await node.connected(12);
  });

  it('are counted over all listeners, raw TCP too, and are heard as soon as they are in', async () => {
    const node = await TestGateway.start({ maxAcceptsPerSecond: 2 });
    const worker = await node.worker();
    const first = await WsClient.open(node.ws);
    const tcp = await RawClient.dial(node.tcp);
    tcp.write('said while waiting\n');
    await until(() => node.stats.connectionsDelayed === 1, 'it waits');
    expect(node.gateway.table.size).toBe(1);
    await worker.event('receive');
    expect(worker.texts).toEqual(['said while waiting']);
    tcp.write('and after it\n');
    first.send('and another');
    await until(() => worker.texts.length === 3, 'both are heard');
    expect(worker.texts.toSorted()).toEqual(['and after it', 'and another', 'said while waiting']);
  });

  it('are turned away when too many wait: WebSocket with 503 and a time to come back, raw TCP without a word', async () => {
    const node = await TestGateway.start(ONE_A_SECOND);
    await RawClient.dial(node.tcp);
    await node.connected(1);
    const waiting = await knock(node, MOST_WAITING);
    await until(() => node.stats.connectionsDelayed === MOST_WAITING, 'five wait');
    const [refused] = await knock(node, 1);
    const refusedTcp = await RawClient.dial(node.tcp);
    await refused!.closed();
    await refusedTcp.closed();
    expect(refused!.text).toMatch(
      /^HTTP\/1\.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: [1-5]\r\nContent-Length: 0\r\n\r\n$/,
    );
    expect(refusedTcp.received).toHaveLength(0);
    expect(node.stats.connectionsRefused).toBe(2);
    expect(waiting.some(({ isClosed }) => isClosed)).toBe(false);
  });

  it('that leave while they wait are gone as soon as it is their turn, whatever they had said', async () => {
    const node = await TestGateway.start({ maxAcceptsPerSecond: 3 });
    const worker = await node.worker();
    await RawClient.dial(node.tcp);
    const impatient = await knock(node, 3);
    await until(() => node.stats.connectionsDelayed === 3, 'three wait');
    for (const client of impatient) client.socket.resetAndDestroy();
    const patient = await WsClient.open(node.ws);
    patient.send('here');
    await until(() => worker.texts.length === 1, 'who stayed is heard');
    await node.connected(2);
    const count = (type: string): number => worker.events.filter((event) => event.type === type).length;
    expect(count('open') - count('close')).toBe(1);
  });

  it('are turned away when the gateway stops, and do not keep it', async () => {
    const node = await TestGateway.start(ONE_A_SECOND);
    const [first, ...waiting] = await knock(node, 3);
    await until(() => node.stats.connectionsDelayed === 2, 'two wait');
    await node.gateway.close();
    await first!.closed();
    for (const client of waiting) {
      await client.closed();
      expect(client.text).toMatch(/^HTTP\/1\.1 503 .*\r\nRetry-After: /s);
    }
    expect(node.stats.connectionsOpened).toBe(1);
  });

  it('come in at once with maxAcceptsPerSecond: 0', async () => {
    const node = await TestGateway.start({ maxAcceptsPerSecond: 0 });
    const clients = await knock(node, 300);
    await until(() => upgraded(clients) === 300, 'all are in');
    expect(node.stats.connectionsDelayed).toBe(0);
  });
});

describe('a socket that waits', () => {
  it.each([
    ['an HTTP server', (): Server => createHttpServer()],
    ['a plain server', (): Server => createServer()],
  ])('before %s is not read, and is as a new one when it comes in', async (_, create) => {
    const gate = new AcceptGate(ONE_A_SECOND, () => undefined);
    const server = create();
    const accepted: Socket[] = [];
    const admitted: Socket[] = [];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => accepted.push(socket));
    gate.guard(server, {
      admit: (socket) => void admitted.push(socket.on('data', (chunk) => socket.end(chunk))),
      turnAway: (socket) => void socket.destroy(),
    });
    const { port } = await listenOn(server, { host: '127.0.0.1', port: 0 }, () => undefined);
    onTestFinished(() => void server.close());
    await RawClient.dial(`tcp://127.0.0.1:${port}`);
    const waits = await RawClient.dial(`tcp://127.0.0.1:${port}`);
    waits.write('x'.repeat(10_000));
    await until(() => admitted.length === 1 && gate.waiting === 1, 'one is in, and one waits');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(accepted.map(({ bytesRead }) => bytesRead)).toEqual([0, 0]);
    await until(() => admitted.length === 2, 'it is in');
    await waits.closed();
    expect(waits.received.length).toBe(10_000);
    gate.close();
    for (const socket of accepted) socket.destroy();
  });
});

const FLOOD = 3_000;
const FLOOD_LIMIT = 50;

interface Tally {
  readonly upgraded: number;
  readonly toldToComeLater: number;
  readonly closed: number;
}

/** A process that connects as fast as it can. */
function flood(node: TestGateway): () => Tally {
  let tally: Tally = { upgraded: 0, toldToComeLater: 0, closed: 0 };
  const child = fork(new URL('../test/flood.mjs', import.meta.url), [node.ws!, String(FLOOD)]);
  child.on('message', (news) => (tally = news as Tally));
  onTestFinished(() => void child.kill());
  return () => tally;
}

describe('a flood of connects', () => {
  it('is let in at the rate, or told to come later, while a client that is there talks on', async () => {
    const node = await TestGateway.start({ maxAcceptsPerSecond: FLOOD_LIMIT });
    const worker = await node.worker();
    const caller = await node.caller();
    const client = await WsClient.open(node.ws);
    const { connectionId } = await worker.event('open');
    const mostWaiting = FLOOD_LIMIT * 5;
    const rssBefore = process.memoryUsage.rss();
    const started = performance.now();
    const tally = flood(node);
    let [echoes, longestMs] = [0, 0];
    while (tally().upgraded + tally().closed + node.gateway.waitingClients < FLOOD) {
      const sent = performance.now();
      client.send(`${++echoes}`);
      await until(() => worker.texts.at(-1) === `${echoes}`, 'the worker has it');
      worker.events.length = 0;
      caller.command(COMMANDS.sendToClient, { connectionId, message: `${echoes}` });
      await client.received(echoes);
      longestMs = Math.max(longestMs, performance.now() - sent);
      expect(node.gateway.waitingClients).toBeLessThanOrEqual(mostWaiting);
      const seconds = (performance.now() - started) / 1_000;
      expect(node.gateway.table.size).toBeLessThanOrEqual(2 + (seconds + 0.1) * FLOOD_LIMIT);
    }
    expect(client.texts).toEqual(Array.from({ length: echoes }, (_, i) => `${i + 1}`));
    expect(echoes).toBeGreaterThan(50);
    expect(longestMs).toBeLessThan(2_000);
    expect(tally().toldToComeLater).toBeGreaterThan(0);
    expect(node.stats.connectionsRefused).toBeGreaterThan(FLOOD / 10);
    expect(node.stats.connectionsDelayed).toBeGreaterThanOrEqual(mostWaiting);
    expect(process.memoryUsage.rss() - rssBefore).toBeLessThan(100 * 1024 * 1024);
    expect(client.closing).toBeUndefined();
  }, 60_000);
});
