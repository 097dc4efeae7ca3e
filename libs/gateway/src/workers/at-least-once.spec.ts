import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient } from '../test/clients.js';
import type { NestwirePeer, SentEvent } from '../test/nestwire-peer.js';
import { TestGateway } from '../test/test-gateway.js';

type Step =
  | { readonly do: 'open' | 'settle' }
  | {
      readonly do: 'send' | 'close' | 'join' | 'leave' | 'kill' | 'acknowledge' | 'skip';
      readonly which: number;
    };

/** So little that two or three events are more than a worker may have. */
const SMALL_WINDOW_BYTES = 1_500;

const which = fc.nat(50);
const named = (name: Step['do'], weight: number): fc.WeightedArbitrary<Step> => ({
  weight,
  arbitrary: fc.record({ do: fc.constant(name), which }),
});
const steps = fc.array(
  fc.oneof(
    named('open', 2),
    named('send', 10),
    named('close', 2),
    named('join', 2),
    named('leave', 3),
    named('kill', 2),
    named('acknowledge', 3),
    named('skip', 2),
    named('settle', 10),
  ),
  { minLength: 30, maxLength: 80, size: 'max' },
);

interface Worker {
  readonly peer: NestwirePeer;
  /** The connections of the events that it has not acknowledged, by sequence. */
  readonly open: Map<number, number>;
}

/** Clients and workers that come and go as the steps say, and what the workers got, in the order in which it came. */
class Schedule {
  readonly seen: { readonly worker: NestwirePeer; readonly sent: SentEvent }[] = [];
  readonly sent = new Map<number, number>();
  readonly #clients: RawClient[] = [];
  readonly #workers: Worker[] = [];
  readonly #written = new Map<number, number>();
  /** Events that came to a worker while another one, which is still there, was not done with earlier ones of the same client, or after it was told that nothing more comes. */
  overtaken = 0;

  constructor(private readonly node: TestGateway) {}

  async run(step: Step): Promise<void> {
    switch (step.do) {
      case 'open': {
        const client = await RawClient.dial(this.node.tcp);
        this.#clients.push(client);
        this.sent.set(client.socket.localPort!, 0);
        return;
      }
      case 'send':
        return this.#pick(this.#clients, step.which, (client) => this.#say(client));
      case 'close':
        return this.#pick(this.#clients, step.which, (client) => {
          this.#clients.splice(this.#clients.indexOf(client), 1);
          client.socket.end();
        });
      case 'join':
        return this.#join(windowOf(step.which));
      case 'leave':
        await this.#settle();
        return this.#pick(this.#workers, step.which, ({ peer }) => {
          if (!peer.hasLeft) peer.leave();
        });
      case 'kill':
        return this.#pick(this.#workers, step.which, (worker) => {
          this.#workers.splice(this.#workers.indexOf(worker), 1);
          worker.peer.link.destroy();
        });
      case 'acknowledge':
        return this.#pick(this.#workers, step.which, (worker) => this.#acknowledge(worker, () => true));
      case 'skip':
        return this.#pick(this.#workers, step.which, (worker) =>
          this.#acknowledge(worker, (sequence) => (sequence + step.which) % 3 !== 0),
        );
      case 'settle':
        return this.#settle();
    }
  }

  /** Everybody leaves, and a worker gets done with all that is left. */
  async finish(): Promise<void> {
    await this.#join(0);
    for (const client of this.#clients) client.socket.end();
    const { gateway } = this.node;
    await until(() => {
      for (const worker of this.#workers) this.#acknowledge(worker, () => true);
      return gateway.table.size === 0 && gateway.parkedEvents === 0 && gateway.workers.unacknowledged === 0;
    }, 'nobody and nothing is left');
  }

  /** What clients have sent is at the gateway, and what it could send to workers is there. */
  async #settle(): Promise<void> {
    const { gateway, stats } = this.node;
    const isRead = (): boolean =>
      gateway.table.size === 0 ||
      [...gateway.table.all()].every(
        ({ transport }) =>
          transport.isPaused || transport.receivedBytes === this.#writtenBy(transport.remotePort),
      );
    await until(() => stats.connectionsOpened === this.sent.size && isRead(), 'what was sent is read');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }

  async #join(windowBytes: number): Promise<void> {
    const peer = await this.node.nestwireWorker(windowBytes);
    const worker: Worker = { peer, open: new Map() };
    const note = (sent: SentEvent): void => {
      const { connectionId } = sent.event;
      this.seen.push({ worker: peer, sent });
      if (peer.hasLeft) this.overtaken++;
      worker.open.set(sent.sequence, connectionId);
      for (const other of this.#workers) {
        if (other === worker || other.peer.isClosed) continue;
        if ([...other.open.values()].includes(connectionId)) this.overtaken++;
      }
    };
    // What came already, and what will.
    for (const sent of peer.events) note(sent);
    peer.onEvent = note;
    this.#workers.push(worker);
  }

  #acknowledge({ peer, open }: Worker, isDone: (sequence: number) => boolean): void {
    const done = [...open.keys()].filter(isDone);
    for (const sequence of done) open.delete(sequence);
    if (done.length > 0 && !peer.isClosed) peer.acknowledge(...done);
  }

  #say(client: RawClient): void {
    const port = client.socket.localPort!;
    const number = this.sent.get(port)! + 1;
    this.sent.set(port, number);
    const line = `${port} ${number}\n`;
    this.#written.set(port, this.#writtenBy(port) + line.length);
    client.write(line);
  }

  #writtenBy(port: number): number {
    return this.#written.get(port) ?? 0;
  }

  #pick<Item>(items: readonly Item[], index: number, act: (item: Item) => void): void {
    const item = items[index % Math.max(1, items.length)];
    if (item !== undefined) act(item);
  }
}

function windowOf(which: number): number {
  return which % 3 === 0 ? SMALL_WINDOW_BYTES : 0;
}

describe('whatever comes and goes', () => {
  it('each event of a client gets to a worker, in order, and again only with the mark', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const node = await TestGateway.start({
          protocol: 'nestwire',
          listen: ['tcp://127.0.0.1:0?frame=newline'],
        });
        const schedule = new Schedule(node);
        for (const window of [0, 1]) await schedule.run({ do: 'join', which: window });
        await schedule.run({ do: 'open' });
        for (const step of sequence) await schedule.run(step);
        await schedule.finish();
        await node.gateway.close();
        expectInOrder(schedule);
        expect(schedule.overtaken).toBe(0);
        expect(node.stats.eventsDropped).toBe(0);
      }),
      { numRuns: 60 },
    );
  }, 90_000);
});

/** Opening is 0, messages are numbered from 1, closing is one more. */
function expectInOrder({ seen, sent }: Schedule): void {
  const clients = new Map<number, { highest: number; port: number; hasClosed: boolean }>();
  for (const {
    sent: { event, isRedelivered },
  } of seen) {
    const known = clients.get(event.connectionId) ?? { highest: -1, port: 0, hasClosed: false };
    clients.set(event.connectionId, known);
    if (event.type === 'receive') known.port = Number(event.data.toString().split(' ')[0]);
    const number =
      event.type === 'connect'
        ? 0
        : event.type === 'receive'
          ? Number(event.data.toString().split(' ')[1])
          : known.highest + (known.hasClosed ? 0 : 1);
    if (isRedelivered) expect(number).toBeLessThanOrEqual(known.highest + 1);
    else expect(number).toBe(known.highest + 1);
    known.highest = Math.max(known.highest, number);
    if (event.type === 'close') known.hasClosed = true;
  }
  for (const { highest, port, hasClosed } of clients.values()) {
    expect(hasClosed).toBe(true);
    if (port !== 0) expect(highest - 1).toBe(sent.get(port));
  }
}
