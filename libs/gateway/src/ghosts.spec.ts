import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CloseMode, type ByteString } from '#protocol';
import { collectGarbage } from '../../../test/links/held-bytes.js';
import { until } from '../../../test/links/link-kit.js';
import type { Connection } from './connection/connection.js';
import type { TableObserver } from './connection/table-observer.js';
import { CLIENT_DEEDS, Crowd, MAX_MESSAGE_BYTES, type CrowdStep } from './test/crowd.js';
import { TestGateway } from './test/test-gateway.js';

const MAX_CLIENTS = 6;

/** Everything ends soon, so that all ways to end run into each other. */
const IMPATIENT = {
  maxConnections: MAX_CLIENTS,
  maxMessageBytes: MAX_MESSAGE_BYTES,
  pingIntervalMs: 100,
  pongTimeoutMs: 40,
  tcpIdleTimeoutMs: 150,
  closeTimeoutMs: 30,
  upgradeTimeoutMs: 200,
  maxAcceptsPerSecond: 300,
} as const;

const which = fc.nat(MAX_CLIENTS * 2);
const deed = fc.constantFrom(...CLIENT_DEEDS);
const name = fc.constantFrom('ann', 'bob', 'cy');
const step: fc.Arbitrary<CrowdStep> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('come'), as: fc.constantFrom('browser', 'mute', 'tcp') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('knock'), bytes: fc.nat(250), andReset: fc.boolean() }),
  },
  { weight: 8, arbitrary: fc.record({ do: deed, which }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('close'),
      which,
      mode: fc.constantFrom(...Object.values(CloseMode)),
      first: fc.option(deed, { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('bind', 'join'), which, name }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('worker comes', 'worker comes', 'worker leaves', 'worker dies', 'workers work'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(0, 1, 5, 60) }) },
);
const steps = fc.array(step, { minLength: 10, maxLength: 50 });

/** Keeps the table's own account: what was opened, bound and joined, and not undone yet. */
class Account implements TableObserver {
  readonly there = new Set<number>();
  readonly uids = new Set<string>();
  readonly memberships = new Set<string>();
  readonly mistakes: string[] = [];

  opened({ id }: Connection): void {
    this.#put(this.there, id);
  }

  closed({ id }: Connection): void {
    this.#take(this.there, id);
  }

  bound({ id }: Connection, uid: ByteString): void {
    this.#put(this.uids, `${id} is ${uid}`);
  }

  unbound({ id }: Connection, uid: ByteString): void {
    this.#take(this.uids, `${id} is ${uid}`);
  }

  joined({ id }: Connection, group: ByteString): void {
    this.#put(this.memberships, `${id} in ${group}`);
  }

  left({ id }: Connection, group: ByteString): void {
    this.#take(this.memberships, `${id} in ${group}`);
  }

  #put<Item extends string | number>(set: Set<Item>, item: Item): void {
    if (set.has(item)) this.mistakes.push(`${item} came twice`);
    set.add(item);
  }

  #take<Item extends string | number>(set: Set<Item>, item: Item): void {
    if (!set.delete(item)) this.mistakes.push(`${item} went, and was not there`);
  }
}

/**
 * Of each client that a worker was told of: an open and a close, again only where another worker may know of them, and of one worker
 * the close after everything else.
 */
function expectPairs({ everyWorker }: Crowd): void {
  const opened = new Set<number>();
  const closed = new Set<number>();
  const firsts: string[] = [];
  for (const { told } of everyWorker) {
    const seen = new Map<number, string[]>();
    for (const { event, isRedelivered } of told) {
      const { type, connectionId } = event;
      seen.set(connectionId, [...(seen.get(connectionId) ?? []), type]);
      const kind = type === 'connect' ? 'open' : type;
      if (kind !== 'open' && kind !== 'close') continue;
      (kind === 'open' ? opened : closed).add(connectionId);
      if (!isRedelivered) firsts.push(`${kind} ${connectionId}`);
    }
    for (const types of seen.values()) {
      expect(types.findLastIndex((type) => type === 'open' || type === 'connect')).toBeLessThanOrEqual(0);
      if (types.includes('close')) expect(types.indexOf('close')).toBe(types.length - 1);
    }
  }
  expect(new Set(firsts).size).toBe(firsts.length);
  expect(closed).toEqual(opened);
}

function expectNothingLeft({ gateway, stats }: TestGateway, account: Account): void {
  expect(account.mistakes).toEqual([]);
  expect([account.there.size, account.uids.size, account.memberships.size]).toEqual([0, 0, 0]);
  const { uids, groups } = gateway.table.namespace;
  expect([gateway.table.size, uids.size, groups.size]).toEqual([0, 0, 0]);
  expect([gateway.parkedEvents, gateway.waitingClients]).toEqual([0, 0]);
  expect(gateway.workers.unacknowledged).toBe(0);
  for (const { paused, held } of gateway.workers.workers) expect([paused.size, held.size]).toEqual([0, 0]);
  expect(stats.connectionsClosed).toBe(stats.connectionsOpened);
  // Why it ends is decided once.
  const decided = Object.values(stats.closedWith).reduce((sum, count) => sum + count, 0);
  expect(decided).toBeLessThanOrEqual(stats.connectionsOpened + stats.connectionsRefused);
}

describe.each([
  ['base', 'nestwire'],
  ['base', 'ws'],
  ['nestwire', 'nestwire'],
] as const)('whatever clients do, over the protocol "%s", with the receiver "%s"', (protocol, receiver) => {
  it.each([
    ['when all have left', false],
    ['when the gateway stops in the middle of it', true],
  ])(
    'each has one close, and nothing of them is left %s',
    async (_, isStopped) => {
      await fc.assert(
        fc.asyncProperty(steps, async (sequence) => {
          const account = new Account();
          const node = await TestGateway.start({ ...IMPATIENT, protocol, receiver, observer: account });
          const crowd = await Crowd.around(node, protocol);
          for (const one of sequence) await crowd.run(one);
          await crowd.workerComes();
          crowd.workersWorkOn();
          if (!isStopped) {
            crowd.everybodyLeaves();
            const { gateway } = node;
            await until(() => gateway.waitingClients + gateway.table.size === 0, 'all have left');
            await until(() => gateway.workers.unacknowledged === 0, 'the workers are done');
            expectNothingLeft(node, account);
          }
          await node.gateway.close();
          await crowd.workersLeave();
          expectNothingLeft(node, account);
          expectPairs(crowd);
          expect(node.stats.eventsDropped).toBe(0);
        }),
        { numRuns: 25 },
      );
    },
    60_000,
  );
});

describe.each(['base', 'nestwire'] as const)('a client that is gone, over the protocol "%s"', (protocol) => {
  it('is nowhere in memory, however it went', async () => {
    const everybody: WeakRef<Connection>[] = [];
    const observer: TableObserver = { opened: (connection) => void everybody.push(new WeakRef(connection)) };
    const node = await TestGateway.start({
      ...IMPATIENT,
      protocol,
      maxConnections: 1_000,
      maxAcceptsPerSecond: 0,
      observer,
    });
    const crowd = await Crowd.around(node, protocol);
    await crowd.workerComes();
    for (const as of ['browser', 'mute', 'tcp'] as const) {
      for (const [index, deedOfIt] of CLIENT_DEEDS.entries()) {
        for (const mode of Object.values(CloseMode)) {
          await crowd.run({ do: 'come', as });
          await crowd.run({ do: 'bind', which: index, name: 'ann' });
          await crowd.run({ do: 'join', which: index, name: 'bob' });
          await crowd.run({ do: deedOfIt, which: everybody.length - 1 });
          await crowd.run({ do: 'close', which: index, mode, first: 'say' });
        }
        // What the one was not done with, of clients that are gone among others, goes to the next.
        await crowd.workerComes();
        await crowd.run({ do: index % 2 === 0 ? 'worker leaves' : 'worker dies' });
      }
    }
    crowd.everybodyLeaves();
    await node.connected(0);
    crowd.workersWorkOn();
    await until(() => node.gateway.workers.unacknowledged === 0, 'the workers are done');
    expect(everybody.length).toBe(3 * CLIENT_DEEDS.length * 3);
    const left = (): number => everybody.filter((reference) => reference.deref() !== undefined).length;
    // A turn of its own each time: what was looked at in a turn is kept until it ends.
    await until(() => (collectGarbage(), left() === 0), 'the last has been collected');
  });
});
