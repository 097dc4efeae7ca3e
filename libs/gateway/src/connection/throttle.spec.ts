import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeTransport } from '../test/test-gateway.js';
import { NOT_PINGED, type Connection } from './connection.js';
import { ConnectionTable } from './connection-table.js';
import { ThrottleAddresses } from './throttle-addresses.js';
import { Throttle, type ThrottleOptions } from './throttle.js';

const OFF: ThrottleOptions = {
  maxMessagesPerSecond: 0,
  maxBytesPerSecond: 0,
  maxMessagesPerSecondPerAddress: 0,
  throttleBurstMs: 1_000,
  whenThrottled: 'delay',
};

describe('a throttle', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function throttling(options: Partial<ThrottleOptions>) {
    const table = new ConnectionTable();
    const addresses = new ThrottleAddresses(0);
    const counters = { clientsThrottled: 0, messagesThrottled: 0 };
    const exceeded: Connection[] = [];
    const all = { ...OFF, ...options };
    const throttle = Throttle.of(all, table, addresses, counters, (connection) => exceeded.push(connection))!;
    const open = (): Connection => {
      const transport = new FakeTransport();
      addresses.enter(transport.remoteAddress);
      const connection = table.open(transport)!;
      throttle.opened(connection);
      return connection;
    };
    const close = (connection: Connection): void => {
      throttle.closed(connection);
      table.close(connection);
    };
    return { table, counters, exceeded, throttle, open, close };
  }

  /** Says as much as it is read, and returns how much that is. */
  function flood(
    { throttle }: { throttle: Throttle },
    client: Connection,
    forMs: number,
    bytes = 10,
  ): number {
    let said = 0;
    for (let ms = 0; ms < forMs; ms += 10) {
      while (!client.transport.isPaused && throttle.take(client, bytes)) said++;
      vi.advanceTimersByTime(10);
    }
    return said;
  }

  it('is not there when nothing is limited', () => {
    const none = Throttle.of(
      OFF,
      new ConnectionTable(),
      undefined,
      { clientsThrottled: 0, messagesThrottled: 0 },
      () => undefined,
    );
    expect(none).toBeUndefined();
  });

  it('holds a client to its messages a second, and to its bytes, whichever is less', () => {
    const messages = throttling({ maxMessagesPerSecond: 50 });
    const said = flood(messages, messages.open(), 20_000);
    expect(said).toBeGreaterThanOrEqual(20 * 50);
    expect(said).toBeLessThanOrEqual(21 * 50 + 1);
    expect(messages.counters.clientsThrottled).toBeGreaterThan(400);
    const bytes = throttling({ maxMessagesPerSecond: 50, maxBytesPerSecond: 1_000 });
    const saidBytes = flood(bytes, bytes.open(), 20_000, 100) * 100;
    expect(saidBytes).toBeGreaterThanOrEqual(20_000);
    expect(saidBytes).toBeLessThanOrEqual(21_100);
  });

  it('makes a client wait the longer for what came in one piece', () => {
    const { throttle, open, counters } = throttling({ maxMessagesPerSecond: 10 });
    const client = open();
    for (let i = 0; i < 310; i++) expect(throttle.take(client, 1)).toBe(true);
    expect(counters).toEqual({ clientsThrottled: 1, messagesThrottled: 0 });
    vi.advanceTimersByTime(29_950);
    expect(client.transport.isPaused).toBe(true);
    expect(throttle.waiting).toBe(1);
    vi.advanceTimersByTime(100);
    expect(client.transport.isPaused).toBe(false);
    expect(throttle.waiting).toBe(0);
  });

  it('drops exactly what is too much, and counts it', () => {
    const throttled = throttling({ maxMessagesPerSecond: 10, whenThrottled: 'drop' });
    const client = throttled.open();
    const passed = (): number =>
      Array.from({ length: 100 }, () => throttled.throttle.take(client, 1)).filter(Boolean).length;
    expect(passed()).toBe(10);
    vi.advanceTimersByTime(500);
    expect(passed()).toBe(5);
    vi.advanceTimersByTime(60_000);
    expect(passed()).toBe(10);
    expect(throttled.counters).toEqual({ clientsThrottled: 0, messagesThrottled: 275 });
    expect(client.transport.isPaused).toBe(false);
  });

  it('lets a message through that is larger than what is left, and none after it', () => {
    const { throttle, open } = throttling({ maxBytesPerSecond: 100, whenThrottled: 'drop' });
    const client = open();
    expect(throttle.take(client, 1_000)).toBe(true);
    expect(throttle.take(client, 1)).toBe(false);
    vi.advanceTimersByTime(8_900);
    expect(throttle.take(client, 1)).toBe(false);
    vi.advanceTimersByTime(200);
    expect(throttle.take(client, 1)).toBe(true);
  });

  it('says who is to be closed, at the first message too much', () => {
    const { throttle, open, exceeded, counters } = throttling({
      maxMessagesPerSecond: 3,
      whenThrottled: 'close',
    });
    const client = open();
    const other = open();
    for (let i = 0; i < 3; i++) expect(throttle.take(client, 1)).toBe(true);
    expect(exceeded).toEqual([]);
    expect(throttle.take(client, 1)).toBe(false);
    expect(exceeded).toEqual([client]);
    expect(throttle.take(other, 1)).toBe(true);
    expect(counters).toEqual({ clientsThrottled: 1, messagesThrottled: 0 });
  });

  it('holds the clients of an address to one rate together', () => {
    const throttled = throttling({ maxMessagesPerSecondPerAddress: 100 });
    const clients = Array.from({ length: 10 }, throttled.open);
    let said = 0;
    for (let ms = 0; ms < 10_000; ms += 10) {
      for (const client of clients)
        if (!client.transport.isPaused && throttled.throttle.take(client, 1)) said++;
      vi.advanceTimersByTime(10);
    }
    expect(said).toBeGreaterThanOrEqual(1_000);
    expect(said).toBeLessThanOrEqual(1_120);
  });

  it('begins anew with the next client of a slot, and lets go of one that left while it waited', () => {
    const { throttle, open, close } = throttling({ maxMessagesPerSecond: 1 });
    const seen = new Set<number>();
    for (let i = 0; i < 3_000; i++) {
      const client = open();
      seen.add(client.id >>> 12);
      expect(client.transport.isPaused).toBe(false);
      for (let j = 0; j < 20; j++) throttle.take(client, 1);
      expect(client.transport.isPaused).toBe(true);
      close(client);
    }
    expect(seen.size).toBeLessThan(3_000); // some had a slot that another one had
    vi.advanceTimersByTime(20_000);
    expect(throttle.waiting).toBe(0);
  });

  it('stops its timer with the last one that waits', () => {
    const { throttle, open } = throttling({ maxMessagesPerSecond: 1 });
    const client = open();
    for (let i = 0; i < 5; i++) throttle.take(client, 1);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(5_000);
    expect(client.transport.isPaused).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a connection', () => {
  it('is read when nobody has a reason not to, whatever the order in which reasons come and go', () => {
    const step = fc.record({ who: fc.integer({ min: 0, max: 3 }), holds: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const transport = new FakeTransport();
        const connection = new ConnectionTable().open(transport)!;
        const holding = new Set<number>();
        for (const { who, holds } of steps) {
          if (holds && !holding.has(who)) {
            holding.add(who);
            connection.holdReading();
          } else if (!holds && holding.delete(who)) {
            connection.releaseReading();
          }
          expect(transport.isPaused).toBe(holding.size > 0);
        }
      }),
    );
  });

  it('that is read again is not judged by a ping that it could not answer', () => {
    const connection = new ConnectionTable().open(new FakeTransport())!;
    connection.holdReading();
    connection.holdReading();
    connection.receivedAtPing = 0;
    connection.releaseReading();
    expect(connection.receivedAtPing).toBe(0);
    connection.releaseReading();
    expect(connection.receivedAtPing).toBe(NOT_PINGED);
  });

  it('that is ending is left alone', () => {
    const transport = new FakeTransport();
    const connection = new ConnectionTable().open(transport)!;
    connection.holdReading();
    connection.transition('closing');
    connection.releaseReading();
    expect(transport.isPaused).toBe(true); // whoever ends it reads on himself
  });
});
