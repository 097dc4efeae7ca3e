import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientFrame, closeFrameIn, RawClient, WsClient } from '../test/clients.js';
import { decoded, FakeTransport, TestGateway } from '../test/test-gateway.js';
import type { Connection } from './connection.js';
import { ConnectionTable } from './connection-table.js';
import { Heartbeat } from './heartbeat.js';

const INTERVAL_MS = 25_000;
const TIMEOUT_MS = 10_000;
const TICK_MS = 1_000;

describe('the heartbeat', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function beating(clients: number, options = { pingIntervalMs: INTERVAL_MS, pongTimeoutMs: TIMEOUT_MS }) {
    const table = new ConnectionTable();
    const transports = Array.from({ length: clients }, () => new FakeTransport());
    const connections = transports.map((transport) => table.open(transport)!);
    const missed: Connection[] = [];
    const heartbeat = new Heartbeat(table, options, (connection) => missed.push(connection));
    heartbeat.start();
    return { table, transports, connections, missed, heartbeat };
  }

  it('pings thousands in several turns, and none after it was stopped', () => {
    const { transports, heartbeat } = beating(50_000);
    const pinged = (): number => transports.reduce((sum, { pings }) => sum + pings, 0);
    vi.advanceTimersToNextTimer();
    expect(pinged()).toBeLessThanOrEqual(500);
    vi.advanceTimersByTime(INTERVAL_MS);
    expect(transports.every(({ pings }) => pings >= 1)).toBe(true);
    vi.advanceTimersToNextTimer();
    const before = pinged();
    heartbeat.stop();
    vi.advanceTimersByTime(INTERVAL_MS);
    expect(pinged()).toBe(before);
  });

  it('pings everyone once an interval, and not all in the same instant', () => {
    const { transports } = beating(100);
    let most = 0;
    for (let tick = 0, before = 0; tick < 25; tick++) {
      vi.advanceTimersByTime(TICK_MS);
      const now = transports.reduce((sum, { pings }) => sum + pings, 0);
      most = Math.max(most, now - before);
      before = now;
    }
    expect(transports.map(({ pings }) => pings)).toEqual(transports.map(() => 1));
    expect(most).toBe(4);
    vi.advanceTimersByTime(INTERVAL_MS);
    expect(transports.every(({ pings }) => pings === 2)).toBe(true);
  });

  it('gives up those that have sent nothing for the timeout after a ping, and nobody else', () => {
    const { transports, connections, missed } = beating(30);
    const pingedAt = new Map<FakeTransport, number>();
    const missedAt = new Map<Connection, number>();
    for (let now = TICK_MS; now <= 4 * INTERVAL_MS; now += TICK_MS) {
      vi.advanceTimersByTime(TICK_MS);
      for (const [index, transport] of transports.entries()) {
        if (transport.pings > 0 && !pingedAt.has(transport)) pingedAt.set(transport, now);
        if (index % 2 === 0) transport.receivedBytes = transport.pings * 2; // answers
      }
      for (const connection of missed.splice(0)) if (!missedAt.has(connection)) missedAt.set(connection, now);
    }
    expect([...missedAt.keys()].toSorted((a, b) => a.id - b.id)).toEqual(
      connections.filter((_, i) => i % 2 === 1),
    );
    for (const [connection, at] of missedAt) {
      const waited = at - pingedAt.get(connection.transport as FakeTransport)!;
      expect(waited).toBeGreaterThanOrEqual(TIMEOUT_MS);
      expect(waited).toBeLessThanOrEqual(TIMEOUT_MS + TICK_MS);
    }
  });

  it('takes any bytes for life, such as the middle of a long message', () => {
    const { transports, missed } = beating(1);
    for (let i = 0; i < 200; i++) {
      transports[0]!.receivedBytes += 1;
      vi.advanceTimersByTime(TICK_MS);
    }
    expect(missed).toEqual([]);
  });

  it('does not judge a client whose answer we do not read', () => {
    const { transports, missed } = beating(1);
    transports[0]!.isPaused = true;
    vi.advanceTimersByTime(10 * INTERVAL_MS);
    expect(missed).toEqual([]);
    transports[0]!.isPaused = false;
    vi.advanceTimersByTime(2 * INTERVAL_MS);
    expect(missed.length).toBeGreaterThan(0);
  });

  it('judges no client that came after the ping, in the slot of one that left', () => {
    const { table, connections, missed, transports } = beating(1);
    while (transports[0]!.pings === 0) vi.advanceTimersByTime(TICK_MS);
    table.close(connections[0]!);
    for (let i = 0; i < 2_000; i++) {
      const connection = table.open(new FakeTransport())!;
      if (i < 1_999) table.close(connection);
    }
    vi.advanceTimersByTime(TIMEOUT_MS + TICK_MS);
    expect(missed).toEqual([]);
  });

  it('is off with an interval of 0, and ends with stop', () => {
    const off = beating(3, { pingIntervalMs: 0, pongTimeoutMs: TIMEOUT_MS });
    vi.advanceTimersByTime(10 * INTERVAL_MS);
    expect(off.transports.every(({ pings }) => pings === 0)).toBe(true);
    const stopped = beating(3);
    stopped.heartbeat.stop();
    vi.advanceTimersByTime(10 * INTERVAL_MS);
    expect(stopped.transports.every(({ pings }) => pings === 0)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the heartbeat of a gateway', () => {
  it('closes a client that never answers with 4002 and keeps one that does', async () => {
    const node = await TestGateway.start({ pingIntervalMs: 250, pongTimeoutMs: 100 });
    const worker = await node.worker();
    const living = await WsClient.open(node.ws);
    const tcp = await RawClient.dial(node.tcp);
    const silent = await RawClient.upgrade(node.ws);
    const started = performance.now();
    await silent.closed();
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(silent.text).toContain('\x89\x00');
    expect(closeFrameIn(silent.received)).toEqual({ code: 4002, reason: 'no answer to a ping' });
    expect(decoded((await worker.event('close')).details)).toMatchObject({ code: 4002 });
    expect(node.stats.closedWith[4002]).toBe(1);
    expect(living.closing).toBeUndefined();
    expect(tcp.isClosed).toBe(false);
  });

  it('lives on with a client that answers by talking', async () => {
    const node = await TestGateway.start({ pingIntervalMs: 250, pongTimeoutMs: 100 });
    const client = await RawClient.upgrade(node.ws);
    const end = performance.now() + 1_000;
    while (performance.now() < end) {
      client.write(clientFrame(1, 'no pong, but here'));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(client.isClosed).toBe(false);
    expect(node.stats.closedWith[4002]).toBe(0);
  });
});
