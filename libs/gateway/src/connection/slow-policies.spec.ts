import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { numbered, SlowTcpReader, SlowWsReader, type SlowReader } from '../test/slow-reader.js';
import { TestGateway } from '../test/test-gateway.js';
import type { GatewayOptions } from '../gateway-options.js';
import type { DropPolicy } from './when-slow.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const BOUND = 512 * KiB;
const SIZE = 16 * KiB;

interface Kind {
  readonly name: string;
  readonly options: Partial<GatewayOptions>;
  open(node: TestGateway): Promise<SlowReader>;
}

const KINDS: readonly Kind[] = [
  {
    name: 'WebSocket',
    options: { listen: ['ws://127.0.0.1:0'], receiver: 'nestwire' },
    open: (node) => SlowWsReader.open(node),
  },
  {
    name: 'WebSocket, read by ws',
    options: { listen: ['ws://127.0.0.1:0'], receiver: 'ws' },
    open: (node) => SlowWsReader.open(node),
  },
  {
    name: 'TCP with lines',
    options: { listen: ['tcp://127.0.0.1:0?frame=newline'] },
    open: (node) => SlowTcpReader.open(node, 'newline'),
  },
  {
    name: 'TCP with lengths',
    options: { listen: ['tcp://127.0.0.1:0?frame=length'] },
    open: (node) => SlowTcpReader.open(node, 'length'),
  },
];

function start(kind: Kind, policy: DropPolicy, options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  return TestGateway.start({
    ...kind.options,
    whenSlow: policy,
    maxQueuedBytes: BOUND,
    slowClientTimeoutMs: 0,
    pingIntervalMs: 0,
    ...options,
  });
}

/** What the system takes for a client that does not read differs; so much is far beyond it. */
const MANY = 1_500;

interface Flood {
  readonly node: TestGateway;
  readonly slow: SlowReader;
  readonly other: SlowReader;
}

/** One client stalls while many messages are sent to it and to another, which gets them all; then it reads on. */
async function flood(
  { node, slow, other }: Flood,
  keyOf: (number: number) => string | undefined,
): Promise<void> {
  slow.stall();
  for (let number = 0; number < MANY; number++) {
    // Own messages and broadcasts in turn.
    for (const reader of [slow, other])
      reader.connection.transport.send(numbered(number, SIZE, number % 3 === 0, keyOf(number)));
    expect(slow.connection.transport.queuedBytes).toBeLessThanOrEqual(BOUND + 64);
    if (number % 4 === 3) {
      await nextTurn();
      await until(() => other.connection.transport.queuedBytes === 0, 'the other one has got it');
    }
  }
  expect(slow.connection.transport.queuedBytes).toBeGreaterThan(BOUND / 4);
  await until(() => other.numbers.length === MANY, 'the other one has got everything');
  expect(other.numbers).toEqual(Array.from({ length: MANY }, (_, number) => number));
  slow.readOn();
  await until(() => slow.connection.transport.queuedBytes === 0, 'all that waited is taken');
  // Behind everything else; and the client is an ordinary one again.
  slow.connection.transport.send(numbered(MANY, SIZE));
  await until(() => slow.numbers.at(-1) === MANY, 'the last message has come');
  expect(node.stats.closedWith[4001]).toBe(0);
  expect(slow.isClosed).toBe(false);
}

async function flooded(
  kind: Kind,
  policy: DropPolicy,
  keyOf: (number: number) => string | undefined = () => undefined,
) {
  const node = await start(kind, policy);
  const [slow, other] = [await kind.open(node), await kind.open(node)];
  await flood({ node, slow, other }, keyOf);
  const arrived = slow.numbers.slice(0, -1);
  const lost = MANY - arrived.length;
  expect(arrived).toEqual([...new Set(arrived)].sort((a, b) => a - b));
  return { node, arrived, lost };
}

describe.each(KINDS)('a client that does not read for a while: $name', (kind) => {
  it('misses the newest under dropNewest, and stays', async () => {
    const { node, arrived, lost } = await flooded(kind, 'dropNewest');
    expect(lost).toBeGreaterThan(0);
    expect(arrived).toEqual(Array.from({ length: MANY - lost }, (_, number) => number));
    expect(node.stats.messagesDropped).toEqual({ dropNewest: lost, dropOldest: 0, keepLatest: 0 });
  });

  it('misses what waited longest under dropOldest, and has the newest', async () => {
    const { node, arrived, lost } = await flooded(kind, 'dropOldest');
    expect(lost).toBeGreaterThan(0);
    // What the system had taken, and the newest; what lies between is dropped.
    const gap = arrived.findIndex((number, i) => number !== i);
    expect(arrived.slice(gap)).toEqual(
      Array.from({ length: arrived.length - gap }, (_, i) => MANY - (arrived.length - gap) + i),
    );
    expect(arrived.length - gap).toBeGreaterThan(BOUND / SIZE / 2);
    expect(node.stats.messagesDropped).toEqual({ dropNewest: 0, dropOldest: lost, keepLatest: 0 });
  });

  it('gets the latest of each key under keepLatest, and nothing is dropped for want of room', async () => {
    const keys = 10;
    const { node, arrived, lost } = await flooded(kind, 'keepLatest', (number) => `key ${number % keys}`);
    expect(arrived.slice(-keys)).toEqual(Array.from({ length: keys }, (_, i) => MANY - keys + i));
    expect(lost).toBeGreaterThan(0);
    expect(node.stats.messagesReplaced).toBe(lost);
    expect(node.stats.messagesDropped).toEqual({ dropNewest: 0, dropOldest: 0, keepLatest: 0 });
  });

  it('has messages without a key among the others under keepLatest, the oldest of which make room', async () => {
    const { node, arrived, lost } = await flooded(kind, 'keepLatest', (number) =>
      number % 2 === 0 ? 'even' : undefined,
    );
    expect(arrived.slice(-2)).toEqual([MANY - 2, MANY - 1]);
    expect(arrived.slice(-10).filter((number) => number % 2 === 1)).toHaveLength(9);
    expect(node.stats.messagesDropped.keepLatest).toBeGreaterThan(0);
    expect(node.stats.messagesDropped.keepLatest + node.stats.messagesReplaced).toBe(lost);
  });

  it('is closed with 4001 when it takes nothing at all for slowClientTimeoutMs, whatever may be dropped', async () => {
    const node = await start(kind, 'dropOldest', { slowClientTimeoutMs: 300, closeTimeoutMs: 200 });
    const slow = await kind.open(node);
    slow.stall();
    for (let number = 0; node.stats.closedWith[4001] === 0; number++) {
      slow.connection.transport.send(numbered(number, SIZE));
      await nextTurn();
    }
    expect(slow.connection.ending).toMatchObject({ code: 4001 });
    expect(node.stats.messagesDropped.dropOldest).toBeGreaterThan(0);
    await node.connected(0);
  });

  it('gets what waits before a goodbye', async () => {
    const node = await start(kind, 'keepLatest', { closeTimeoutMs: 5_000 });
    const slow = await kind.open(node);
    slow.stall();
    let number = 0;
    while (slow.connection.transport.queuedBytes < BOUND / 2) {
      slow.connection.transport.send(numbered(number++, SIZE));
      await nextTurn();
    }
    node.gateway.closeClient(slow.connection, 4004, 'enough');
    slow.readOn();
    await until(() => slow.isClosed, 'it is closed');
    expect(slow.numbers).toEqual(Array.from({ length: number }, (_, i) => i));
    if (slow instanceof SlowWsReader) expect(slow.client.closing).toEqual({ code: 4004, reason: 'enough' });
  });
});

describe.each(['nestwire', 'ws'] as const)(
  'a WebSocket client that pings and does not read: receiver %s',
  (receiver) => {
    it.each(['dropNewest', 'dropOldest'] as const)(
      'has the answer to its last ping waiting, in bounded memory: %s',
      async (whenSlow) => {
        const node = await TestGateway.start({
          listen: ['ws://127.0.0.1:0'],
          receiver,
          whenSlow,
          maxQueuedBytes: BOUND,
          slowClientTimeoutMs: 0,
          pingIntervalMs: 0,
        });
        const slow = await SlowWsReader.open(node);
        const { transport } = slow.connection;
        slow.stall();
        for (let number = 0; node.stats.messagesDropped[whenSlow] < 10; number++) {
          transport.send(numbered(number, SIZE));
          if (number % 8 === 0) await nextTurn();
        }
        let received = transport.receivedBytes;
        for (let ping = 0; ping < 5_000; ping++) {
          slow.client.socket.ping(`ping ${ping}`);
          if (ping % 500 === 0) {
            await until(() => transport.receivedBytes > received, 'pings have come');
            received = transport.receivedBytes;
          }
          expect(transport.queuedBytes).toBeLessThanOrEqual(BOUND + 256);
        }
        slow.client.socket.ping('the last');
        slow.readOn();
        await until(() => slow.pongs.includes('the last'), 'the last ping is answered');
        expect(slow.pongs.length).toBeLessThan(5_000);
        expect(node.stats.closedWith[4001]).toBe(0);
      },
    );
  },
);

describe('a gateway whose clients are slow', () => {
  it('does for the clients of a listener what its URL says', async () => {
    const node = await TestGateway.start({
      listen: ['ws://127.0.0.1:0', 'tcp://127.0.0.1:0?frame=newline&slow=dropOldest'],
      maxQueuedBytes: BOUND,
      slowClientTimeoutMs: 0,
      pingIntervalMs: 0,
    });
    const [ws, tcp] = [await SlowWsReader.open(node), await SlowTcpReader.open(node, 'newline')];
    for (const reader of [ws, tcp]) reader.stall();
    for (
      let number = 0;
      node.stats.messagesDropped.dropOldest < 10 || node.stats.closedWith[4001] === 0;
      number++
    ) {
      for (const { connection } of [ws, tcp]) connection.transport.send(numbered(number, SIZE));
      await nextTurn();
    }
    expect(ws.connection.isOnline).toBe(false);
    expect(tcp.connection.isOnline).toBe(true);
  });

  it('lets be one that takes a single large message slowly, and takes nothing for it', async () => {
    const node = await TestGateway.start({
      listen: ['tcp://127.0.0.1:0?frame=newline'],
      whenSlow: 'dropOldest',
      maxMessageBytes: 40 * MiB,
      slowClientTimeoutMs: 700,
      pingIntervalMs: 0,
    });
    const slow = await SlowTcpReader.open(node, 'newline');
    const { socket } = slow.client;
    slow.stall();
    slow.connection.transport.send(numbered(7, 40 * MiB));
    const end = performance.now() + 2_100;
    while (performance.now() < end) {
      socket.resume();
      socket.once('data', () => socket.pause());
      await sleep(5);
    }
    expect(slow.connection.transport.queuedBytes).toBeGreaterThan(0);
    expect(node.stats.closedWith[4001]).toBe(0);
    slow.readOn();
    await until(() => slow.connection.transport.queuedBytes === 0, 'it has got it');
    await until(() => slow.numbers.length === 1, 'it has come');
  });
});
