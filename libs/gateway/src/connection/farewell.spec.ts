import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { GatewayStats } from '../gateway-stats.js';
import { FakeTransport } from '../test/test-gateway.js';
import type { Connection } from './connection.js';
import { ConnectionTable } from './connection-table.js';
import { Delivery } from './delivery.js';
import { Farewell, type FarewellOptions } from './farewell.js';

const QUIET: FarewellOptions = {
  farewellMessage: '',
  farewellPerSecond: 2_000,
  comeBackWithinMs: 0,
  drainTimeoutMs: 10_000,
};

/** So many connected clients, and what each is told when. */
function gathering(clients: number, options: Partial<FarewellOptions> = {}) {
  const table = new ConnectionTable();
  const connections = Array.from({ length: clients }, () => table.open(new FakeTransport())!);
  const told: { readonly connection: Connection; readonly reason: string; readonly atMs: number }[] = [];
  const startedMs = performance.now();
  const farewell = new Farewell(
    table,
    new Delivery(table, { maxMessageBytes: 1_000 }, new GatewayStats()),
    { ...QUIET, ...options },
    (connection, reason) => {
      connection.transition('closing');
      told.push({ connection, reason, atMs: performance.now() - startedMs });
    },
  );
  const sentTo = ({ transport }: Connection): readonly string[] => (transport as FakeTransport).sent;
  return { table, connections, told, farewell, sentTo };
}

describe('a farewell', () => {
  it('to few is said at once', async () => {
    const { told, farewell, connections } = gathering(200);
    const telling = farewell.tellAll();
    expect(told).toHaveLength(200);
    expect(told.map(({ connection }) => connection)).toEqual(connections);
    expect(new Set(told.map(({ reason }) => reason))).toEqual(new Set(['the gateway restarts']));
    await telling;
  });

  it('to many is said at the pace that was asked for', async () => {
    const { told, farewell } = gathering(1_000, { farewellPerSecond: 2_000 });
    await farewell.tellAll();
    expect(told).toHaveLength(1_000);
    // A tenth of a second ahead at most.
    for (const [index, { atMs }] of told.entries()) expect(index).toBeLessThanOrEqual(2 * (atMs + 101));
    expect(told.at(-1)!.atMs).toBeGreaterThan(350);
    expect(told.at(-1)!.atMs).toBeLessThan(5_000);
  });

  it('is said faster when the drain time would not suffice, in four fifths of it', async () => {
    const { told, farewell } = gathering(3_000, { farewellPerSecond: 10, drainTimeoutMs: 1_000 });
    await farewell.tellAll();
    expect(told).toHaveLength(3_000);
    expect(told.at(-1)!.atMs).toBeGreaterThan(650);
    expect(told.at(-1)!.atMs).toBeLessThan(5_000);
    expect(told.filter(({ atMs }) => atMs < 300).length).toBeLessThan(1_800);
  });

  it.each([
    ['farewellPerSecond: 0', { farewellPerSecond: 0 }],
    ['drainTimeoutMs: 0', { drainTimeoutMs: 0, farewellPerSecond: 1 }],
  ])('is said to all without a pause with %s, other work in between', async (_, options) => {
    const { told, farewell } = gathering(5_000, options);
    let turns = 0;
    const count = (): void => {
      turns++;
      if (told.length < 5_000) setImmediate(count);
    };
    setImmediate(count);
    await farewell.tellAll();
    expect(told).toHaveLength(5_000);
    expect(turns).toBeGreaterThanOrEqual(9);
  });

  it('carries the message, and for each its own time to come back', async () => {
    const { told, farewell, connections, sentTo } = gathering(150, {
      farewellMessage: '{"event":"restart","data":{"inMs":{comeBackInMs}}}',
      comeBackWithinMs: 5_000,
    });
    await farewell.tellAll();
    const times = told.map(({ connection, reason }) => {
      const inMs = Number(/^the gateway restarts, come back in (\d+) ms$/.exec(reason)?.[1]);
      expect(sentTo(connection)).toEqual([`{"event":"restart","data":{"inMs":${inMs}}}`]);
      return inMs;
    });
    expect(times).toHaveLength(connections.length);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...times)).toBeLessThan(5_000);
    // Spread over it: were they all in one half, it would be one chance in 2^149.
    expect(times.some((time) => time < 2_500) && times.some((time) => time >= 2_500)).toBe(true);
  });

  it('is not said to who is on his way out already, nor to who left before his turn', async () => {
    const { table, told, farewell, connections, sentTo } = gathering(400, {
      farewellMessage: 'bye',
      farewellPerSecond: 1_000,
    });
    connections[0]!.transition('closing');
    const telling = farewell.tellAll();
    const last = connections.at(-1)!;
    table.close(last);
    await telling;
    expect(told).toHaveLength(398);
    expect(sentTo(connections[0]!)).toEqual([]);
    expect(sentTo(last)).toEqual([]);
  });

  it('is over when the last has left', async () => {
    const { table, farewell, connections } = gathering(500, {
      farewellPerSecond: 10,
      drainTimeoutMs: 60_000,
    });
    const telling = farewell.tellAll();
    for (const connection of connections) table.close(connection);
    let isOver = false;
    void telling.then(() => (isOver = true));
    await until(() => isOver, 'nobody is left to be told');
  });
});
