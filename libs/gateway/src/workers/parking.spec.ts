import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../connection/connection.js';
import { ConnectionSlots } from '../connection/connection-slots.js';
import { Namespace } from '../connection/namespace.js';
import { FakeTransport } from '../test/test-gateway.js';
import { Parking, type ParkedEvent, type ParkingLimits } from './parking.js';

const OVERHEAD = 128;
const LIMITS: ParkingLimits = { parkedBytes: 100_000, parkedClientBytes: 10_000, parkedAgeMs: 30_000 };

let lastId = 0;
const namespace = new Namespace('', new ConnectionSlots<Connection>());
const client = (): Connection => new Connection(++lastId, new FakeTransport(), namespace);
const open = (): ParkedEvent => ({ type: 'open', details: Buffer.alloc(10) });
const message = (text: string): ParkedEvent => ({ type: 'message', opcode: 1, data: Buffer.from(text) });
const close = (bytes = 10): ParkedEvent => ({
  type: 'close',
  session: Buffer.alloc(0),
  details: Buffer.alloc(bytes),
});

function shown(event: ParkedEvent): string {
  return event.type === 'message' ? event.data.toString() : event.type;
}

function released(parking: Parking): string[] {
  const events: string[] = [];
  parking.release((connection, event) => events.push(`${connection.id} ${shown(event)}`));
  return events;
}

function expired(parking: Parking): string[] {
  const events: string[] = [];
  parking.expire((connection, type) => events.push(`${connection.id} ${type}`));
  return events;
}

describe('events without a worker', () => {
  beforeEach(() => {
    lastId = 0;
    vi.useFakeTimers();
  });
  afterEach(() => void vi.useRealTimers());

  it('come out in the order in which they happened, once', () => {
    const parking = new Parking(LIMITS);
    const [a, b] = [client(), client()];
    for (const [connection, event] of [
      [a, open()],
      [b, open()],
      [a, message('x')],
      [b, close()],
      [a, message('y')],
    ] as const)
      // prettier-ignore
      expect(parking.park(connection, event)).toBe(true);
    expect(parking.size).toBe(5);
    expect(released(parking)).toEqual(['1 open', '2 open', '1 x', '2 close', '1 y']);
    expect([parking.size, parking.bytes]).toEqual([0, 0]);
    expect(released(parking)).toEqual([]);
  });

  it('are bounded in bytes for each client, and there is room again when they are gone', () => {
    const parking = new Parking({ ...LIMITS, parkedClientBytes: 3 * (OVERHEAD + 1) });
    const [a, b] = [client(), client()];
    for (const text of ['1', '2', '3']) expect(parking.park(a, message(text))).toBe(true);
    expect(parking.park(a, message('4'))).toBe(false);
    expect(parking.park(b, message('1'))).toBe(true);
    expect(released(parking)).toEqual(['1 1', '1 2', '1 3', '2 1']);
    expect(parking.park(a, message('5'))).toBe(true);
  });

  it('are bounded in bytes in all, but a close always finds room', () => {
    const parking = new Parking({ ...LIMITS, parkedBytes: 2 * (OVERHEAD + 10) });
    const connections = [client(), client(), client()];
    expect(connections.map((connection) => parking.park(connection, open()))).toEqual([true, true, false]);
    expect(parking.park(connections[2]!, close(5_000))).toBe(true);
    expect(parking.bytes).toBe(2 * (OVERHEAD + 10) + OVERHEAD + 5_000);
    expect(released(parking)).toEqual(['1 open', '2 open', '3 close']);
    expect(parking.bytes).toBe(0);
  });

  it('expire at their age, except closes, which keep their place before what came later', () => {
    const parking = new Parking(LIMITS);
    const [a, b, c] = [client(), client(), client()];
    parking.park(a, message('old'));
    parking.park(b, close());
    vi.advanceTimersByTime(20_000);
    parking.park(c, message('young'));
    expect(expired(parking)).toEqual([]);
    vi.advanceTimersByTime(10_000);
    expect(expired(parking)).toEqual(['1 message']);
    expect(expired(parking)).toEqual([]);
    expect(parking.size).toBe(2);
    parking.park(c, message('younger'));
    expect(released(parking)).toEqual(['2 close', '3 young', '3 younger']);
    expect(parking.bytes).toBe(0);
  });

  it('may be parked and forgotten by whoever is told of an expiry', () => {
    const parking = new Parking(LIMITS);
    const [a, b] = [client(), client()];
    parking.park(a, message('first'));
    vi.advanceTimersByTime(1);
    parking.park(a, message('second'));
    vi.advanceTimersByTime(LIMITS.parkedAgeMs - 1);
    parking.expire((connection) => {
      expect(parking.forget(connection)).toBe(1);
      parking.park(b, message('new'));
    });
    expect(released(parking)).toEqual(['2 new']);
    expect(parking.bytes).toBe(0);
  });

  it('are forgotten with their client, and leave nothing behind', () => {
    const parking = new Parking(LIMITS);
    const [a, b] = [client(), client()];
    parking.park(a, open());
    parking.park(b, open());
    parking.park(a, message('x'));
    expect(parking.forget(a)).toBe(2);
    expect(parking.forget(a)).toBe(0);
    expect([parking.size, parking.bytes]).toEqual([1, OVERHEAD + 10]);
    expect(released(parking)).toEqual(['2 open']);
  });

  it('of 200,000 clients that come and go cost neither time nor memory', () => {
    const parking = new Parking({ ...LIMITS, parkedBytes: 100_000_000 });
    const staying = Array.from({ length: 20_000 }, client);
    for (const connection of staying) parking.park(connection, open());
    const started = performance.now();
    for (let i = 0; i < 200_000; i++) {
      const connection = client();
      parking.park(connection, open());
      parking.forget(connection);
    }
    // Quadratic, it would take minutes.
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(parking.size).toBe(20_000);
    expect(parking.bytes).toBe(20_000 * (OVERHEAD + 10));
    expect(released(parking)).toHaveLength(20_000);
  });

  it('of a client that talks on for hours do not pile up', () => {
    const parking = new Parking({ ...LIMITS, parkedClientBytes: 1_000_000, parkedBytes: 1_000_000 });
    const talker = client();
    let dropped = 0;
    for (let second = 0; second < 3_600; second++) {
      expect(parking.park(talker, message(String(second)))).toBe(true);
      vi.advanceTimersByTime(1_000);
      parking.expire(() => dropped++);
      expect(parking.size).toBeLessThanOrEqual(31);
    }
    expect(dropped).toBe(3_600 - parking.size);
    expect(released(parking)[0]).toBe(`1 ${dropped}`);
  });
});
