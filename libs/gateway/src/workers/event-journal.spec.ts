import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameWriter, ProtocolError } from '#protocol';
import type { Connection } from '../connection/connection.js';
import { ConnectionTable } from '../connection/connection-table.js';
import { FakeTransport } from '../test/test-gateway.js';
import { EventJournal } from './event-journal.js';

const writer = new FrameWriter();
const ignored = (): void => undefined;
/** Chunks that come back are the collector's. */
const lost = { reuse: ignored, trim: ignored };

function add(journal: EventJournal, connection: Connection, text: string, chunkBytes = 128 * 1024): void {
  if (writer.length > chunkBytes / 2) writer.take(chunkBytes);
  writer.beginFrame();
  writer.payload(text);
  journal.add(connection, writer);
}

function connections(count: number): Connection[] {
  const table = new ConnectionTable({});
  return Array.from({ length: count }, () => table.open(new FakeTransport())!);
}

function left(journal: EventJournal): string[] {
  const texts: string[] = [];
  journal.takeAll((_connection, bytes) => texts.push(bytes.toString()));
  return texts;
}

describe('the journal of unacknowledged events', () => {
  it('knows what is left, in order, whatever is acknowledged in which order, and frees no chunk of it', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 400 }) }) },
        {
          weight: 4,
          arbitrary: fc.record({
            acknowledge: fc.double({ min: 0, max: 1, noNaN: true }),
            count: fc.nat(300),
          }),
        },
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (run) => {
        const clients = connections(3);
        // Whoever gets a chunk back writes into it.
        const journal = new EventJournal({ ...lost, reuse: (chunk) => void chunk.fill('?') });
        const model = new Map<number, { text: string; connection: Connection }>();
        let sent = 0;
        for (const step of run) {
          if ('add' in step) {
            for (let i = 0; i < step.add; i++) {
              const connection = clients[sent % clients.length]!;
              sent++;
              add(journal, connection, `event ${sent}`, 256);
              model.set(sent, { text: `event ${sent}`, connection });
            }
          } else {
            const open = [...model.keys()];
            const first = open[Math.floor(step.acknowledge * open.length)];
            if (first === undefined) continue;
            let count = 0;
            while (count < step.count && model.has(first + count)) count++;
            if (count === 0) continue;
            const done: Connection[] = [];
            journal.acknowledge(first, count, (connection) => done.push(connection));
            const expected = Array.from({ length: count }, (_, i) => model.get(first + i)!.connection);
            expect(done).toEqual(expected);
            for (let i = 0; i < count; i++) model.delete(first + i);
          }
          expect(journal.size).toBe(model.size);
          for (const client of clients) {
            const open = [...model.values()].filter(({ connection }) => connection === client);
            expect(client.unacknowledgedBytes).toBe(
              open.reduce((sum, { text }) => sum + text.length + 512, 0),
            );
          }
        }
        expect(left(journal)).toEqual([...model.values()].map(({ text }) => text));
        expect([journal.size, journal.bytes]).toEqual([0, 0]);
        expect(clients.map(({ unacknowledgedBytes }) => unacknowledgedBytes)).toEqual([0, 0, 0]);
      }),
      { numRuns: 100 },
    );
  });

  it('does not grow with what comes after an event that nobody gets done with', () => {
    const [client] = connections(1);
    const journal = new EventJournal(lost);
    add(journal, client!, 'hangs');
    const bytes = journal.bytes;
    for (let sequence = 2; sequence <= 100_000; sequence++) {
      add(journal, client!, 'quick');
      journal.acknowledge(sequence, 1, () => undefined);
    }
    expect([journal.size, journal.bytes]).toEqual([1, bytes]);
    journal.acknowledge(1, 1, () => undefined);
    expect(left(journal)).toEqual([]);
  });

  it('sets aside what hangs before much that is done with stays in memory for its sake', () => {
    const [client] = connections(1);
    const journal = new EventJournal(lost);
    const large = 'x'.repeat(64 * 1024);
    for (let sequence = 1; sequence <= 1_000; sequence++) {
      add(journal, client!, sequence % 10 === 1 ? 'hangs' : large);
      if (sequence % 10 !== 1) journal.acknowledge(sequence, 1, () => undefined);
    }
    expect(journal.size).toBe(100);
    const sizes: number[] = [];
    journal.takeAll((_connection, bytes) => sizes.push(bytes.buffer.byteLength));
    // All but those of the last few megabytes have memory of their own, or of Node's small pool.
    expect(sizes.filter((bytes) => bytes > 64 * 1024).length).toBeLessThan(10);
  });

  it('gives chunks back in time also when there is little but other frames in them', () => {
    const [client] = connections(1);
    const chunkBytes = 128 * 1024;
    const given = new Set<Buffer>();
    const journal = new EventJournal({ ...lost, reuse: (chunk) => void given.delete(chunk) });
    for (let sequence = 1; sequence <= 1_000; sequence++) {
      writer.take(chunkBytes);
      given.add(writer.chunk);
      add(journal, client!, sequence === 1 ? 'hangs' : 'quick');
      if (sequence !== 1) journal.acknowledge(sequence, 1, ignored);
    }
    expect(given.size * chunkBytes).toBeLessThan(8 * 1024 * 1024);
    expect(left(journal)).toEqual(['hangs']);
  });

  it('copies nothing of what is only on its way, however much that is', () => {
    const [client] = connections(1);
    const journal = new EventJournal(lost);
    const large = 'x'.repeat(40 * 1024);
    for (let sequence = 1; sequence <= 400; sequence++) add(journal, client!, large);
    journal.acknowledge(1, 20, ignored);
    for (let sequence = 401; sequence <= 420; sequence++) add(journal, client!, large);
    const owners = new Set<ArrayBufferLike>();
    journal.takeAll((_connection, bytes) => owners.add(bytes.buffer));
    // Two share a chunk; copied, each would have its own.
    expect(owners.size).toBeLessThan(210);
  });

  it('keeps the order of events that were set aside and those that were not', () => {
    const [client] = connections(1);
    const journal = new EventJournal(lost);
    const hanging: number[] = [];
    for (let sequence = 1; sequence <= 60_000; sequence++) {
      add(journal, client!, `${sequence}`);
      if (sequence % 500 === 0) hanging.push(sequence);
      else journal.acknowledge(sequence, 1, () => undefined);
    }
    expect(left(journal)).toEqual(hanging.map(String));
  });

  it('frees each chunk once, when all of it is done with and a next one has begun', () => {
    const [client] = connections(1);
    const freed: Buffer[] = [];
    const journal = new EventJournal({ ...lost, reuse: (chunk) => void freed.push(chunk) });
    const chunks: Buffer[] = [];
    for (let sequence = 1; sequence <= 8; sequence++) {
      if (sequence % 2 === 1) writer.take(128);
      chunks.push(writer.chunk);
      add(journal, client!, 'event', 1024);
    }
    const [first, , second, , third] = chunks;
    journal.acknowledge(2, 4, ignored);
    expect(freed).toEqual([]);
    journal.acknowledge(1, 1, ignored);
    expect(freed.map((chunk) => chunks.indexOf(chunk))).toEqual(
      [first, second].map((chunk) => chunks.indexOf(chunk!)),
    );
    journal.acknowledge(6, 1);
    expect(freed.at(-1)).toBe(third);
    journal.acknowledge(7, 2, ignored);
    expect(freed).toHaveLength(3);
  });

  it('counts on where sequences begin anew', () => {
    const [client] = connections(1);
    const journal = new EventJournal(lost, 0xffff_fffe);
    for (const text of ['a', 'b', 'c', 'd']) add(journal, client!, text);
    journal.acknowledge(0xffff_ffff, 2, () => undefined);
    expect(left(journal)).toEqual(['a', 'd']);
  });

  it.each([
    ['before the first', 0],
    ['after the last', 3],
    ['acknowledged before', 1],
  ])('refuses an event that is %s', (_what, sequence) => {
    const [client] = connections(1);
    const journal = new EventJournal(lost);
    add(journal, client!, 'one');
    add(journal, client!, 'two');
    journal.acknowledge(1, 1, () => undefined);
    expect(() => journal.acknowledge(sequence, 1, () => undefined)).toThrow(ProtocolError);
  });

  it('takes events also after an acknowledgement that was wrong in the middle', () => {
    const [client] = connections(1);
    const journal = new EventJournal(lost);
    const large = 'x'.repeat(64 * 1024);
    for (let sequence = 1; sequence <= 100; sequence++) add(journal, client!, large);
    expect(() => journal.acknowledge(1, 101, ignored)).toThrow(ProtocolError);
    for (let sequence = 101; sequence <= 103; sequence++) add(journal, client!, `${sequence}`);
    expect([journal.size, client!.unacknowledgedBytes]).toEqual([3, journal.bytes]);
    expect(left(journal)).toEqual(['101', '102', '103']);
    expect(client!.unacknowledgedBytes).toBe(0);
  });
});
