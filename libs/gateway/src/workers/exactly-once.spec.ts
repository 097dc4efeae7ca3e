import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GatewayEvent } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient } from '../test/clients.js';
import type { WorkerPeer } from '../test/lan-peer.js';
import { TestGateway } from '../test/test-gateway.js';

type Step =
  | { readonly do: 'open' | 'join' }
  | { readonly do: 'send' | 'leave' | 'reset' | 'drain'; readonly which: number }
  | { readonly do: 'settle' };

const which = fc.nat(50);
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('open' as const) }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant('send' as const), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('leave' as const), which }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), which }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const), which }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  ),
  { minLength: 5, maxLength: 40 },
);

/** Clients and workers that come and go as the steps say. */
class Schedule {
  readonly everyWorker: WorkerPeer[] = [];
  readonly #clients: RawClient[] = [];
  readonly #workers: WorkerPeer[] = [];
  readonly sent = new Map<number, number>();

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
        return this.#withClient(step.which, (client) => this.#say(client));
      case 'leave':
      case 'reset':
        return this.#withClient(step.which, (client) => {
          this.#clients.splice(this.#clients.indexOf(client), 1);
          if (step.do === 'leave') client.socket.end();
          else client.socket.resetAndDestroy();
        });
      case 'join': {
        const worker = await this.node.worker();
        this.everyWorker.push(worker);
        this.#workers.push(worker);
        return;
      }
      case 'drain':
        return this.#drain(step.which);
      case 'settle':
        await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Everybody leaves, and there is a worker to be told. */
  async finish(): Promise<void> {
    await this.run({ do: 'join' });
    for (const client of this.#clients) client.socket.end();
    await this.node.connected(0);
    await until(() => this.node.gateway.parkedEvents === 0, 'nothing is parked');
    for (const worker of this.#workers.splice(0)) worker.socket.end();
    for (const worker of this.everyWorker) await worker.closed();
  }

  #say(client: RawClient): void {
    const port = client.socket.localPort!;
    const number = this.sent.get(port)!;
    this.sent.set(port, number + 1);
    client.write(`${port} ${number}\n`);
  }

  #withClient(which: number, act: (client: RawClient) => void): void {
    const client = this.#clients[which % Math.max(1, this.#clients.length)];
    if (client !== undefined) act(client);
  }

  /** It takes no more, and gets all that was sent to it. */
  #drain(which: number): void {
    const worker = this.#workers[which % Math.max(1, this.#workers.length)];
    if (worker === undefined) return;
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    worker.socket.end();
  }
}

const kindsOf = (events: readonly GatewayEvent[]): string[] => events.map(({ type }) => type);

describe('whatever comes and goes', () => {
  it('each client that a worker was told of has one open and one close, and each of its messages is told once', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const node = await TestGateway.start({ listen: ['tcp://127.0.0.1:0?frame=newline'] });
        const schedule = new Schedule(node);
        for (const step of sequence) await schedule.run(step);
        await schedule.finish();
        await node.gateway.close();
        expectExactlyOnce(schedule);
        expect(node.stats.eventsDropped).toBe(0);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

function expectExactlyOnce({ everyWorker, sent }: Schedule): void {
  const byClient = new Map<number, GatewayEvent[]>();
  for (const worker of everyWorker) {
    const seen = new Map<number, string[]>();
    for (const event of worker.events) {
      byClient.set(event.connectionId, [...(byClient.get(event.connectionId) ?? []), event]);
      seen.set(event.connectionId, [...(seen.get(event.connectionId) ?? []), event.type]);
    }
    // Within one worker nothing comes before the open or after the close.
    for (const kinds of seen.values()) {
      expect(kinds.lastIndexOf('connect')).toBeLessThanOrEqual(0);
      if (kinds.includes('close')) expect(kinds.indexOf('close')).toBe(kinds.length - 1);
    }
  }
  for (const events of byClient.values()) {
    const kinds = kindsOf(events);
    expect(kinds.filter((kind) => kind === 'connect')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'close')).toHaveLength(1);
    const texts = events.flatMap((event) => (event.type === 'receive' ? [event.data.toString()] : []));
    if (texts.length === 0) continue;
    const port = Number(texts[0]!.split(' ')[0]);
    const numbers = texts.map((text) => Number(text.split(' ')[1])).sort((a, b) => a - b);
    // A reset may take what was under way with it; what was told is a beginning without gaps or doubles.
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, i) => i));
    expect(numbers.length).toBeLessThanOrEqual(sent.get(port)!);
  }
}
