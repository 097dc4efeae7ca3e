import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonSessionCodec } from '#protocol';
import { ModelWorker } from '../test/model-worker.js';
import { FakeTransport } from '../test/test-gateway.js';
import type { Connection } from '../connection/connection.js';
import { ConnectionTable } from '../connection/connection-table.js';
import { EventSender } from './event-sender.js';
import { Parking } from './parking.js';
import { WorkerPool } from './worker-pool.js';
import { rendezvousRouter } from './worker-router.js';

type Step =
  | { readonly do: 'open' }
  | { readonly do: 'join' }
  | { readonly do: 'turn'; readonly isTaken: boolean }
  | { readonly do: 'close' | 'leave' | 'die' | 'read'; readonly which: number }
  | { readonly do: 'say'; readonly which: number; readonly count: number; readonly bytes: number }
  | { readonly do: 'acknowledge'; readonly which: number; readonly from: number; readonly count: number }
  | { readonly do: 'reply'; readonly which: number; readonly bytes: number };

/** Room for many chunks, and little enough that clients have to wait now and then. */
const WINDOW_BYTES = 3_000_000;

const which = fc.nat(5);
const one = <Name extends Step['do']>(name: Name): fc.Arbitrary<{ do: Name; which: number }> =>
  fc.record({ do: fc.constant(name), which });
const bytes = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 10, max: 300 }) },
  { weight: 4, arbitrary: fc.integer({ min: 10_000, max: 70_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 120_000, max: 300_000 }) },
);

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant({ do: 'open' } as const) },
    { weight: 1, arbitrary: fc.constant({ do: 'join' } as const) },
    { weight: 10, arbitrary: fc.record({ do: fc.constant('turn' as const), isTaken: fc.boolean() }) },
    { weight: 1, arbitrary: one('close') },
    { weight: 1, arbitrary: one('leave') },
    { weight: 1, arbitrary: one('die') },
    { weight: 10, arbitrary: one('read') },
    {
      weight: 20,
      arbitrary: fc.record({
        do: fc.constant('say' as const),
        which,
        count: fc.integer({ min: 1, max: 10 }),
        bytes,
      }),
    },
    {
      weight: 20,
      arbitrary: fc.record({
        do: fc.constant('acknowledge' as const),
        which,
        from: fc.nat(3),
        count: fc.integer({ min: 1, max: 30 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('reply' as const), which, bytes }),
    },
  ),
  { minLength: 20, maxLength: 150, size: 'max' },
);

/** A gateway's workers and clients without sockets: every interleaving is one that a step chose. */
class Model {
  readonly #table = new ConnectionTable();
  readonly #pool = new WorkerPool(rendezvousRouter, 0, 2_000);
  readonly #parking = new Parking({ parkedBytes: 1e9, parkedClientBytes: 1e9, parkedAgeMs: 1e9 });
  readonly #events = new EventSender(this.#pool, this.#parking, jsonSessionCodec, {
    note: () => {
      throw new Error('There is room for everything');
    },
  });
  #workers: ModelWorker[] = [];
  #clients: Connection[] = [];
  /** Of each client, what it said, and what of it a worker was done with. */
  readonly #said = new Map<number, string[]>();
  readonly #done = new Map<number, Set<string>>();
  readonly #unmarked = new Set<string>();

  run(step: Step): void {
    if (step.do === 'join') return this.#join();
    if (step.do === 'turn') return this.#turn(step.isTaken);
    if (step.do === 'open') return this.#open();
    if (step.do === 'say') return this.#with(this.#clients, step.which, (client) => this.#say(client, step));
    if (step.do === 'close') return this.#with(this.#clients, step.which, (client) => this.#close(client));
    this.#with(this.#workers, step.which, (worker) => {
      if (step.do === 'acknowledge') this.#acknowledge(worker, step.from, step.count);
      else if (step.do === 'reply') worker.reply(step.bytes);
      else if (step.do === 'leave') this.#pool.leave(this.#pool.workerOf(worker.link)!);
      else if (step.do === 'die') this.#remove(worker);
      else worker.read();
    });
  }

  /** Everything comes to its end. */
  settle(): void {
    for (const worker of this.#workers) this.#pool.leave(this.#pool.workerOf(worker.link)!);
    this.#join();
    for (let round = 0; round < 4; round++) {
      this.#turn(true);
      for (const worker of this.#workers) {
        worker.read();
        this.#acknowledge(worker, 0, Number.POSITIVE_INFINITY);
      }
    }
    expect([this.#pool.unacknowledged, this.#parking.size]).toEqual([0, 0]);
    for (const { transport } of this.#clients) expect(transport.isPaused).toBe(false);
    for (const [id, said] of this.#said) expect([...this.#done.get(id)!].toSorted()).toEqual(said.toSorted());
    for (const worker of this.#workers) expect(this.#pool.workerOf(worker.link)!.held.size).toBe(0);
  }

  #join(): void {
    const worker = new ModelWorker(this.#pool, (id, text, isAgain) =>
      this.#delivered(worker, id, text, isAgain),
    );
    this.#workers.push(worker);
    this.#pool.addAcknowledging(worker.link, [], WINDOW_BYTES);
    this.#events.releaseParked();
  }

  /** @param isTaken the system takes what the sockets have */
  #turn(isTaken: boolean): void {
    for (const worker of this.#workers) worker.flush(isTaken);
    this.#pool.trim();
  }

  #open(): void {
    const connection = this.#table.open(new FakeTransport('tcp'))!;
    this.#clients.push(connection);
    this.#said.set(connection.id, []);
    this.#done.set(connection.id, new Set());
    this.#note(connection, 'connect');
    this.#events.opened(connection, undefined);
  }

  #say(client: Connection, { count, bytes: size }: { readonly count: number; readonly bytes: number }): void {
    if (client.transport.isPaused) return;
    for (let i = 0; i < count; i++) {
      const text = `${this.#said.get(client.id)!.length} `.padEnd(size, `${client.id} `);
      this.#note(client, text);
      this.#events.message(client, Buffer.from(text), false);
    }
  }

  #close(client: Connection): void {
    this.#clients.splice(this.#clients.indexOf(client), 1);
    if (client.wasOpen) this.#note(client, 'close');
    else this.#said.set(client.id, []);
    this.#events.closed(client, undefined, '');
    this.#pool.forget(client);
    this.#table.close(client);
  }

  #remove(worker: ModelWorker): void {
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    const removed = this.#pool.remove(worker.link)!;
    worker.end();
    this.#events.redeliver(removed);
  }

  #acknowledge(worker: ModelWorker, from: number, count: number): void {
    for (const { sequence, id, text } of worker.takeHandled(from, count)) {
      this.#done.get(id)!.add(text);
      this.#pool.acknowledge(this.#pool.workerOf(worker.link)!, sequence, 1, (connection, events) =>
        this.#events.releaseHeld(connection, events),
      );
    }
  }

  #note(client: Connection, text: string): void {
    this.#said.get(client.id)!.push(text);
  }

  /** A worker has got it. */
  #delivered(worker: ModelWorker, id: number, text: string, isAgain: boolean): void {
    const said = this.#said.get(id)!;
    const index = said.indexOf(text);
    expect(index, `client ${id} never said ${text.slice(0, 40)}`).toBeGreaterThanOrEqual(0);
    const key = `${id}/${text}`;
    if (!isAgain) expect(this.#unmarked.has(key), `${key.slice(0, 40)} came twice`).toBe(false);
    if (!isAgain) this.#unmarked.add(key);
    const done = this.#done.get(id)!;
    const here = worker.textsOf(id);
    for (const earlier of said.slice(0, index))
      expect(done.has(earlier) || here.includes(earlier), `${key.slice(0, 40)} overtook`).toBe(true);
  }

  #with<Item>(items: readonly Item[], at: number, act: (item: Item) => void): void {
    if (items.length > 0) act(items[at % items.length]!);
  }
}

it('every event comes once unmarked at most, in order, unchanged, and is done with in the end', () => {
  fc.assert(
    fc.property(steps, (run) => {
      const model = new Model();
      for (const step of run) model.run(step);
      model.settle();
    }),
    { numRuns: 30 },
  );
}, 60_000);
