import 'reflect-metadata';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { jsonSessionCodec, phpSessionCodec, type SessionCodec } from '#protocol';

import { planOf } from '../dispatch/handler-table.js';
import { bareDispatcher, bareHandler, type BareDispatcher } from '../test/bare-dispatcher.js';
import { ModelGateway, type ModelWrite } from '../test/model-gateway.js';
import type { ClientEventContext } from './client-event-context.js';

/** So many are kept apart for one client; more are exact only as long as nobody else writes. */
const KEPT_APART = 16;

interface Write {
  readonly client: number;
  readonly kind: ModelWrite['kind'];
  readonly value: Record<string, unknown>;
}
type Step =
  | ({ readonly do: 'write' | 'foreign' } & Write)
  | { readonly do: 'apply' | 'deliver'; readonly count: number }
  | {
      readonly do: 'event';
      readonly client: number;
      readonly name: 'fast' | 'slow';
      readonly writes: readonly Write[];
    }
  | { readonly do: 'settle'; readonly which: number };

const client = fc.integer({ min: 1, max: 2 });
const value = fc.dictionary(
  fc.constantFrom('a', 'b', 'c', '7', 'name'),
  fc.oneof(fc.integer(), fc.string({ maxLength: 5 }), fc.array(fc.boolean(), { maxLength: 2 })),
  { maxKeys: 3, noNullPrototype: true },
);
const write = fc.record({
  client,
  kind: fc.constantFrom<ModelWrite['kind']>('merge', 'merge', 'merge', 'set', 'delete'),
  value,
});
const event = fc.record({
  do: fc.constant('event' as const),
  client,
  name: fc.constantFrom<'fast' | 'slow'>('fast', 'slow'),
  writes: fc.array(write, { maxLength: 2 }),
});
const moves = [
  fc.record({
    do: fc.constantFrom<'apply' | 'deliver'>('apply', 'deliver'),
    count: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ do: fc.constant('settle' as const), which: fc.nat() }),
  event,
];
const writes = write.map((one) => ({ do: 'write' as const, ...one }));
const foreignWrites = write.map((one) => ({ do: 'foreign' as const, ...one }));

/** Events wait in the pipe, writes before the gateway, and handlers as long as they like. */
class Trial {
  readonly gateway: ModelGateway;
  readonly #codec: SessionCodec;
  readonly #bare: BareDispatcher;
  readonly #pending: { readonly context: ClientEventContext; readonly resolve: () => void }[] = [];
  readonly #written = new Map<number, number>();

  constructor(codec: SessionCodec) {
    this.#codec = codec;
    const handle = (instructions: unknown, context: ClientEventContext): void => {
      this.#expectSession(context);
      for (const one of instructions as Write[]) this.#write(one);
      this.#expectSession(context);
    };
    const slow = async (instructions: unknown, context: ClientEventContext): Promise<void> => {
      handle(instructions, context);
      await new Promise<void>((resolve) => this.#pending.push({ context, resolve }));
      this.#expectSession(context);
    };
    this.#bare = bareDispatcher({
      codec,
      events: {
        fast: planOf([bareHandler('fast', handle, 2)]),
        slow: planOf([bareHandler('slow', slow, 2)]),
      },
    });
    this.gateway = new ModelGateway(codec, this.#bare.dispatcher);
  }

  async play(step: Step): Promise<void> {
    switch (step.do) {
      case 'write':
        return this.#write(step);
      case 'foreign':
        return this.gateway.foreignWrite(step.client, this.#encoded(step));
      case 'apply':
        return this.gateway.apply(step.count);
      case 'deliver':
        return this.gateway.deliver(step.count);
      case 'event':
        return this.gateway.send(step.client, JSON.stringify({ event: step.name, data: step.writes }));
      case 'settle':
        return this.#settle(step.which);
    }
  }

  /** All that is under way arrives, and all that runs ends: then nothing may be left. */
  async end(): Promise<void> {
    this.gateway.apply(Number.POSITIVE_INFINITY);
    do {
      this.gateway.deliver(Number.POSITIVE_INFINITY);
      while (this.#pending.length > 0) await this.#settle(0);
      this.gateway.apply(Number.POSITIVE_INFINITY);
    } while (this.gateway.isBusy);
    const { dispatcher, counters, log } = this.#bare;
    expect(log.lines).toEqual([]);
    expect(counters).toMatchObject({ failed: 0, badEvents: 0 });
    expect(dispatcher.busyClients).toBe(0);
    expect(dispatcher.overlaidSessions).toBe(0);
  }

  /** How many writes of this worker a client's session has had. */
  writtenTo(connectionId: number): number {
    return this.#written.get(connectionId) ?? 0;
  }

  #write(one: Write): void {
    this.#written.set(one.client, this.writtenTo(one.client) + 1);
    this.gateway.write(one.client, this.#encoded(one));
  }

  #encoded({ kind, value: session }: Write): ModelWrite {
    return { kind, session: kind === 'delete' ? Buffer.alloc(0) : this.#codec.encode(session) };
  }

  #expectSession(context: ClientEventContext): void {
    const expected = this.gateway.sessionSeenBy(context);
    expect(JSON.stringify(context.session)).toBe(JSON.stringify(this.#codec.decode(expected)));
    expect(context.session).toBe(context.session);
  }

  async #settle(which: number): Promise<void> {
    if (this.#pending.length === 0) return;
    const [one] = this.#pending.splice(which % this.#pending.length, 1);
    one!.resolve();
    await new Promise(setImmediate);
  }
}

describe.each([jsonSessionCodec, phpSessionCodec])('what a handler sees of its session ($name)', (codec) => {
  it('is all that was written to it here, in order, however late it gets to the gateway', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(writes, ...moves), { maxLength: 120 }), async (steps) => {
        const trial = new Trial(codec);
        for (const step of steps) await trial.play(step);
        await trial.end();
      }),
      { numRuns: 150 },
    );
  });

  it('is what others wrote before, and what was written here after that', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(writes, foreignWrites, ...moves), { maxLength: 120 }),
        async (steps) => {
          const trial = new Trial(codec);
          for (const step of steps) {
            if (Math.max(trial.writtenTo(1), trial.writtenTo(2)) + 2 > KEPT_APART) break;
            await trial.play(step.do === 'event' ? { ...step, writes: [] } : step);
          }
          await trial.end();
        },
      ),
      { numRuns: 150 },
    );
  });
});
