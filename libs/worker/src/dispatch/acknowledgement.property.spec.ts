import 'reflect-metadata';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { GatewayEvent } from '#protocol';

import { bareDispatcher, bareHandler, textEvent, type BareDispatcher } from '../test/bare-dispatcher.js';
import { KINDS, LanesModel, type ModelEvent, type RunKind } from '../test/lanes-model.js';
import { LoopbackSource } from '../test/loopback-source.js';
import { planOf } from './handler-table.js';

const TIMEOUT_MS = 1_000;
const NOTHING = Buffer.alloc(0);

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** Never begin, whatever runs: nobody handles them, or they cannot be read. */
const AT_ONCE = ['unhandled', 'poisoned'] as const;
type Kind = RunKind | (typeof AT_ONCE)[number];

type Step =
  | { readonly do: 'send'; readonly client: number; readonly kind: Kind; readonly isRedelivered: boolean }
  | { readonly do: 'settle'; readonly which: number; readonly how: 'resolve' | 'reject' }
  | { readonly do: 'expire' }
  | { readonly do: 'interrupt' };

const kinds = [...(Object.keys(KINDS) as RunKind[]), ...AT_ONCE];
const steps = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('send' as const),
        client: fc.integer({ min: 1, max: 3 }),
        kind: fc.constantFrom<Kind>(...kinds),
        isRedelivered: fc.boolean(),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        which: fc.nat(),
        how: fc.constantFrom('resolve', 'reject'),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'expire' as const }) },
    { weight: 1, arbitrary: fc.constant({ do: 'interrupt' as const }) },
  ),
  { maxLength: 80 },
);

interface Pending {
  readonly name: string;
  /** Its time was up: nothing follows from its end. */
  isLate: boolean;
  resolve(): void;
  reject(): void;
}

/** A dispatcher with handlers of every kind, and the model beside it. */
class Trial {
  readonly model = new LanesModel();
  readonly bare: BareDispatcher;
  readonly begun: string[] = [];
  readonly #pending: Pending[] = [];
  #source = new LoopbackSource('7f0000012394');
  #redelivered = 0;
  #acknowledgedBefore = 0;

  constructor() {
    const wait = (name: string): Promise<void> =>
      new Promise((resolve, reject) => {
        this.#pending.push({ name, isLate: false, resolve, reject: () => reject(new Error('as asked')) });
      });
    const handler = (kind: RunKind, call: (name: string) => unknown) =>
      bareHandler(kind, (data) => call(String(data)), KINDS[kind].concurrency);
    const begins = (name: string): string => {
      this.begun.push(name);
      return name;
    };
    const slow = (kind: RunKind) => planOf([handler(kind, (name) => wait(begins(name)))]);
    this.bare = bareDispatcher({
      options: { handlerTimeoutMs: TIMEOUT_MS },
      connect: planOf([bareHandler('connect', (_data, { client }) => wait(begins(numberOf(client.id))))]),
      close: planOf([bareHandler('close', (_data, { client }) => void begins(numberOf(client.id)))]),
      events: {
        sync: planOf([handler('sync', (name) => void begins(name))]),
        throws: planOf([
          handler('throws', (name) => {
            begins(name);
            throw new Error('as asked');
          }),
        ]),
        slow: slow('slow'),
        two: slow('two'),
        three: slow('three'),
        twice: planOf([
          handler('twice', (name) => wait(begins(name))),
          handler('twice', () => undefined),
          handler('twice', (name) => wait(name)),
        ]),
      },
    });
  }

  async play(step: Step): Promise<void> {
    switch (step.do) {
      case 'send':
        this.#send(step.client, step.kind, step.isRedelivered);
        break;
      case 'settle':
        await this.#settle(step.which, step.how);
        break;
      case 'expire':
        await this.#expire();
        break;
      case 'interrupt':
        await this.#interrupt();
    }
    this.#compare();
  }

  #send(client: number, kind: Kind, isRedelivered: boolean): void {
    const source = this.#source;
    const sequence = source.nextSequence();
    const name = kind === 'connect' || kind === 'close' ? `${client}` : `${kind}${sequence}`;
    if (kind === 'unhandled' || kind === 'poisoned') this.model.acknowledged.push(sequence);
    else this.model.came({ name, kind, client, sequence, waitsLeft: KINDS[kind].waits });
    const text = kind === 'noEnvelope' ? 'no envelope' : JSON.stringify({ event: kind, data: name, id: 1 });
    const { dispatcher } = this.bare;
    const event = eventOf(kind, client, text);
    if (event === undefined && !isRedelivered) {
      return dispatcher.textMessage(source, client, NOTHING, text, sequence);
    }
    if (isRedelivered) this.#redelivered++;
    dispatcher.event(source, event ?? textEvent(client, text), sequence, isRedelivered);
  }

  async #settle(which: number, how: 'resolve' | 'reject'): Promise<void> {
    if (this.#pending.length === 0) return;
    const [pending] = this.#pending.splice(which % this.#pending.length, 1) as [Pending];
    const told = this.#told(pending);
    pending[how]();
    await new Promise(setImmediate);
    if (told !== undefined) this.model.ended(told);
  }

  /** The time of all that run now is up; what begins then has time of its own. */
  async #expire(): Promise<void> {
    const late = this.#pending.filter(({ isLate }) => !isLate).map((pending) => this.#told(pending));
    for (const pending of this.#pending) pending.isLate = true;
    vi.advanceTimersByTime(TIMEOUT_MS);
    await new Promise(setImmediate);
    for (const told of late) if (told !== undefined) this.model.ended(told);
  }

  async #interrupt(): Promise<void> {
    const { dispatcher } = this.bare;
    const source = this.#source;
    this.#acknowledgedBefore += source.acknowledged.length;
    source.isOver = true;
    const isFree = dispatcher.interrupted(source);
    this.model.interrupted();
    for (const pending of this.#pending.splice(0)) pending.resolve();
    await isFree;
    expect(dispatcher.busyClients).toBe(0);
    this.#source = new LoopbackSource(source.gateway);
  }

  #told({ name, isLate }: Pending): ModelEvent | undefined {
    return isLate ? undefined : this.model.running.find((told) => told.name === name);
  }

  #compare(): void {
    const { dispatcher, counters } = this.bare;
    expect(this.begun).toEqual(this.model.begun);
    expect(this.#source.acknowledged.toSorted(byNumber)).toEqual(this.model.acknowledged.toSorted(byNumber));
    expect(this.#source.outstanding).toHaveLength(this.model.running.length + this.model.waiting);
    expect(dispatcher.waitingEvents).toBe(this.model.running.length + this.model.waiting);
    expect(counters.acknowledged).toBe(this.#acknowledgedBefore + this.#source.acknowledged.length);
    expect(counters.dropped).toBe(this.model.dropped);
    expect(counters.redelivered).toBe(this.#redelivered);
  }
}

/** What events of connecting and closing go by, which have no text; a client has one of them running at most. */
function numberOf(clientId: string): string {
  return `${Number.parseInt(clientId.slice(12), 16)}`;
}

function byNumber(a: number, b: number): number {
  return a - b;
}

function eventOf(kind: Kind, connectionId: number, text: string): GatewayEvent | undefined {
  const head = { connectionId, session: NOTHING };
  switch (kind) {
    case 'connect':
      return { type: 'connect', ...head };
    case 'close':
      return { type: 'close', ...head, details: NOTHING };
    case 'unhandled':
      return { type: 'receive', ...head, data: Buffer.from('no handler takes raw messages') };
    case 'poisoned': {
      const poisoned = { ...textEvent(connectionId, text) };
      Object.defineProperty(poisoned, 'data', {
        get() {
          throw new RangeError('Cannot be read');
        },
      });
      return poisoned;
    }
    default:
      return undefined;
  }
}

describe('events', () => {
  it('are acknowledged once each, when they are done with, whatever their handlers do', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const trial = new Trial();
        for (const step of plan) await trial.play(step);
        trial.bare.dispatcher.stop();
      }),
      { numRuns: 150 },
    );
  });
});
