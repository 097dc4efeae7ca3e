import { describe, expect, it } from 'vitest';
import { COMMANDS } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { clientFrame, closeFrameIn, RawClient, WsClient } from '../test/clients.js';
import type { WorkerPeer } from '../test/lan-peer.js';
import { decoded, TestGateway } from '../test/test-gateway.js';
import type { GatewayOptions } from '../gateway-options.js';

/** So much that a chunk of 64 KiB has few of them. */
const MESSAGE_BYTES = 4_096;
const MOST_A_CHUNK = 16;

interface Flooder {
  say(text: string): void;
  readonly isClosed: boolean;
}

async function wsFlooder(node: TestGateway): Promise<Flooder> {
  const client = await WsClient.open(node.ws);
  return {
    say: (text) => client.send(text),
    get isClosed() {
      return client.closing !== undefined;
    },
  };
}

async function tcpFlooder(node: TestGateway): Promise<Flooder> {
  const client = await RawClient.dial(node.tcp);
  return {
    say: (text) => client.write(`${text}\n`),
    get isClosed() {
      return client.isClosed;
    },
  };
}

const KINDS: readonly (readonly [
  string,
  (node: TestGateway) => Promise<Flooder>,
  Partial<GatewayOptions>,
])[] = [
  ['WebSocket', wsFlooder, { receiver: 'nestwire' }],
  ['WebSocket read by ws', wsFlooder, { receiver: 'ws' }],
  ['raw TCP', tcpFlooder, {}],
];

const numbered = (from: number, count: number, bytes = MESSAGE_BYTES): string[] =>
  Array.from({ length: count }, (_, i) => `${from + i} `.padEnd(bytes, '.'));

const numbersOf = (texts: readonly string[]): number[] => texts.map((text) => Number.parseInt(text, 10));

/** A worker that says back what clients say. */
async function echoing(node: TestGateway): Promise<WorkerPeer> {
  const worker = await node.worker();
  const caller = await node.caller();
  let seen = 0;
  worker.socket.on('data', () => {
    for (; seen < worker.events.length; seen++) {
      const event = worker.events[seen]!;
      if (event.type === 'message' && event.data.toString().startsWith('echo'))
        caller.command(COMMANDS.sendToClient, { connectionId: event.connectionId, message: event.data });
    }
  });
  return worker;
}

describe.each(KINDS)('a client that floods, %s,', (_kind, open, receiver) => {
  const LIMIT = { maxMessagesPerSecond: 100, throttleBurstMs: 100, ...receiver };
  const COUNT = 120;

  it('is held to its rate with delay, loses nothing, and others are served at once', async () => {
    const node = await TestGateway.start({ ...LIMIT, pingIntervalMs: 250, pongTimeoutMs: 100 });
    const worker = await echoing(node);
    const flooder = await open(node);
    const [flooding] = await node.connected(1);
    const other = await WsClient.open(node.ws);
    const [, talking] = await node.connected(2);
    const startMs = performance.now();
    const texts = numbered(0, COUNT);
    for (const text of texts) flooder.say(text);
    let slowestMs = 0;
    let othersPauses = 0;
    for (let i = 0; i < 8; i++) {
      const saidMs = performance.now();
      other.send(`echo ${i}`);
      await other.received(i + 1);
      slowestMs = Math.max(slowestMs, performance.now() - saidMs);
      if (talking!.transport.isPaused) othersPauses++;
    }
    const floods = (): string[] => worker.texts.filter((text) => !text.startsWith('echo'));
    // It is still at it, and the other one has all its answers.
    expect(floods().length).toBeLessThan(COUNT);
    expect(slowestMs).toBeLessThan(1_000);
    expect(othersPauses).toBe(0);
    await until(() => floods().length === COUNT, 'all of the flood has come');
    const leastMs = ((COUNT - MOST_A_CHUNK - 10 - 1) / 100) * 1_000;
    expect(performance.now() - startMs).toBeGreaterThan(leastMs);
    expect(floods()).toEqual(texts);
    expect(node.stats.clientsThrottled).toBeGreaterThan(3);
    expect(node.stats.messagesThrottled).toBe(0);
    // Pings came and went all the time, and it could not answer some of them.
    expect(node.stats.closedWith[4002]).toBe(0);
    expect(flooding!.isOnline).toBe(true);
    await until(() => !flooding!.transport.isPaused, 'it is read again');
  });

  it('is held to its bytes a second', async () => {
    const node = await TestGateway.start({ ...receiver, maxBytesPerSecond: 400_000, throttleBurstMs: 100 });
    const worker = await node.worker();
    const flooder = await open(node);
    const startMs = performance.now();
    const texts = numbered(0, COUNT);
    for (const text of texts) flooder.say(text);
    await until(() => worker.texts.length === COUNT, 'all of it has come');
    const atOnce = 40_000 + (MOST_A_CHUNK + 1) * MESSAGE_BYTES;
    const leastMs = (COUNT * MESSAGE_BYTES - atOnce) / 400;
    expect(leastMs).toBeGreaterThan(900);
    expect(performance.now() - startMs).toBeGreaterThan(leastMs);
    expect(worker.texts).toEqual(texts);
  });

  it('loses with drop what is too much, counted, and stays', async () => {
    const node = await TestGateway.start({
      ...receiver,
      maxMessagesPerSecond: 1,
      throttleBurstMs: 10_000,
      whenThrottled: 'drop',
    });
    const worker = await node.worker();
    const flooder = await open(node);
    for (const text of numbered(0, 500, 20)) flooder.say(text);
    await until(() => node.stats.messagesReceived === 500, 'all of it has been read');
    const passed = 500 - node.stats.messagesThrottled;
    // Ten at once, and one a second while it was read.
    expect(passed).toBeGreaterThanOrEqual(10);
    expect(passed).toBeLessThan(20);
    await until(() => worker.texts.length === passed, 'the rest has come');
    const numbers = numbersOf(worker.texts);
    expect(numbers.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(flooder.isClosed).toBe(false);
    expect(node.stats.clientsThrottled).toBe(0);
  });
});

describe('a client that floods', () => {
  it.each(['nestwire', 'ws'] as const)('is closed with 4003 with close, read by %s', async (receiver) => {
    const options = { receiver, maxMessagesPerSecond: 5, whenThrottled: 'close' } as const;
    const node = await TestGateway.start(options);
    const worker = await node.worker();
    const other = await WsClient.open(node.ws);
    const flooder = await WsClient.open(node.ws);
    other.send('not too much');
    for (const text of numbered(0, 50, 20)) flooder.send(text);
    expect(await flooder.closed()).toEqual({ code: 4003, reason: 'sending too much' });
    expect(decoded((await worker.event('close')).details)).toMatchObject({
      code: 4003,
      reason: 'sending too much',
    });
    expect(numbersOf(worker.texts.filter((text) => text !== 'not too much'))).toEqual([0, 1, 2, 3, 4]);
    expect(node.stats.closedWith[4003]).toBe(1);
    expect(node.stats.clientsThrottled).toBe(1);
    expect(other.closing).toBeUndefined();
    await node.connected(1);
  });

  it('is closed with close over raw TCP, too, although it goes on sending', async () => {
    const node = await TestGateway.start({ maxMessagesPerSecond: 5, whenThrottled: 'close' });
    const worker = await node.worker();
    const flooder = await RawClient.dial(node.tcp);
    while (!flooder.isClosed) {
      if (flooder.socket.writable) flooder.write('again\n'.repeat(100));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await node.connected(0);
    expect(worker.texts).toHaveLength(5);
    expect(node.stats.closedWith[4003]).toBe(1);
    await worker.event('close');
  });

  it('with small messages in one piece waits for them afterwards', async () => {
    const node = await TestGateway.start({ maxMessagesPerSecond: 500, throttleBurstMs: 100 });
    const worker = await node.worker();
    const client = await RawClient.upgrade(node.ws);
    const startMs = performance.now();
    client.write(Buffer.concat(Array.from({ length: 600 }, (_, i) => clientFrame(1, `${i}`))));
    await until(() => worker.texts.length === 600, 'all of it has come');
    client.write(clientFrame(1, '600'));
    await until(() => worker.texts.length === 601, 'the next has come');
    expect(performance.now() - startMs).toBeGreaterThan(1_090);
    expect(numbersOf(worker.texts)).toEqual(Array.from({ length: 601 }, (_, i) => i));
  });

  it('is told goodbye while it waits, when the gateway has a reason', async () => {
    const node = await TestGateway.start({ maxMessagesPerSecond: 1, closeTimeoutMs: 60_000 });
    const client = await WsClient.open(node.ws);
    const [connection] = await node.connected(1);
    for (let i = 0; i < 100; i++) client.send('again');
    await until(() => connection!.transport.isPaused, 'it waits');
    node.gateway.closeClient(connection!, 4004, 'enough');
    expect(await client.closed()).toEqual({ code: 4004, reason: 'enough' });
    await node.connected(0);
  });

  it('stays alive for the heartbeat while it is not read, and is missed when it is read and silent', async () => {
    const node = await TestGateway.start({
      maxMessagesPerSecond: 10,
      throttleBurstMs: 100,
      pingIntervalMs: 100,
      pongTimeoutMs: 20,
    });
    // It never answers a ping.
    const client = await RawClient.upgrade(node.ws);
    client.write(Buffer.concat(Array.from({ length: 16 }, () => clientFrame(1, 'once'))));
    const [connection] = await node.connected(1);
    await until(() => connection!.transport.isPaused, 'it waits');
    const startMs = performance.now();
    await client.until((text) => text.split('\x89\x00').length > 6, 'it is pinged again and again');
    expect(client.isClosed).toBe(false);
    await client.closed();
    expect(performance.now() - startMs).toBeGreaterThan(1_000);
    expect(closeFrameIn(client.received)?.code).toBe(4002);
  });

  it('and goes while it waits is noticed at a ping, although what it sent lies unread', async () => {
    const node = await TestGateway.start({ maxBytesPerSecond: 1, pingIntervalMs: 200, pongTimeoutMs: 100 });
    await node.worker();
    const client = await RawClient.upgrade(node.ws);
    const [connection] = await node.connected(1);
    for (let i = 0; i < 2_000; i++) client.write(clientFrame(1, 'x'.repeat(100)));
    await until(() => connection!.transport.isPaused && client.socket.writableLength === 0, 'it waits');
    client.socket.destroy();
    await node.connected(0);
    expect(connection!.transport.receivedBytes).toBeLessThan(200_000);
  });

  it('is not read as long as it waits for its worker or for its rate, whichever is longer', async () => {
    const node = await TestGateway.start({
      maxBytesPerSecond: 5_000_000,
      throttleBurstMs: 100,
      pingIntervalMs: 0,
      link: { highWaterMarkBytes: 64 * 1024, maxQueuedBytes: 32 * 1024 * 1024 },
    });
    const worker = await node.worker();
    const client = await RawClient.dial(node.tcp);
    await worker.event('connect');
    const [connection] = await node.connected(1);
    const [link] = node.gateway.workers.workers;
    worker.socket.pause();
    const texts: string[] = [];
    while (link!.paused.size === 0) {
      const [text] = numbered(texts.length, 1);
      texts.push(text!);
      client.write(`${text}\n`);
      while (client.socket.writableLength > 0 && link!.paused.size === 0)
        await new Promise((resolve) => setImmediate(resolve));
    }
    // Long enough for any of its rates.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(connection!.transport.isPaused).toBe(true);
    expect(link!.paused.size).toBe(1);
    worker.socket.resume();
    await until(() => worker.texts.length === texts.length, 'everything has come');
    expect(worker.texts).toEqual(texts);
    await until(() => !connection!.transport.isPaused, 'it is read again');
    expect(node.stats.clientsThrottled).toBeGreaterThan(0);
  });
});
