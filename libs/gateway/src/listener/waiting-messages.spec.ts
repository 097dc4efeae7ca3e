import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutgoingMessage, type Framing } from '../connection/outgoing-message.js';
import type { DropCounters, DropPolicy } from '../connection/when-slow.js';
import { KEEPING_BYTES, WaitingMessages } from './waiting-messages.js';

const POLICIES: readonly DropPolicy[] = ['dropNewest', 'dropOldest', 'keepLatest'];
/** Room for three messages of 10 bytes. */
const THREE = 3 * (10 + KEEPING_BYTES);

function counters(): DropCounters {
  return { messagesDropped: { dropNewest: 0, dropOldest: 0, keepLatest: 0 }, messagesReplaced: 0 };
}

/** Messages as they are. */
const PLAIN: Framing = {
  frameBytes: ({ length }) => length,
  writeFrame: (payload, target, offset) => target.set(payload, offset),
};

/** Ten bytes that say which message it is. */
function frame(name: string): Buffer {
  return Buffer.from(name.padEnd(10));
}

function namesIn(frames: readonly Buffer[]): string[] {
  return frames.map((bytes) => bytes.toString().trim());
}

function waiting(policy: DropPolicy, maxBytes = THREE) {
  const counted = counters();
  const messages = new WaitingMessages(policy, maxBytes, counted);
  const addBytes = (bytes: Buffer, key?: string, heldBytes = 0): void =>
    messages.add(new OutgoingMessage(bytes, false, key), PLAIN, heldBytes);
  const add = (name: string, key?: string): void => addBytes(frame(name), key);
  return { messages, counted, add, addBytes };
}

describe('messages that wait for a slow client', () => {
  it.each([
    ['dropNewest', ['1', '2', '3']],
    ['dropOldest', ['3', '4', '5']],
    ['keepLatest', ['3', '4', '5']],
  ] as const)('are given up when there is no room: %s', (policy, left) => {
    const { messages, counted, add } = waiting(policy);
    for (const name of ['1', '2', '3', '4', '5']) add(name);
    expect(messages.bytes).toBe(30);
    expect(namesIn(messages.take())).toEqual(left);
    expect(counted.messagesDropped).toEqual({ ...counters().messagesDropped, [policy]: 2 });
    expect(counted.messagesReplaced).toBe(0);
    expect([messages.isEmpty, messages.bytes]).toEqual([true, 0]);
  });

  it('have only the newest of a key among them, where it was sent, if the policy says so', () => {
    const { messages, counted, add } = waiting('keepLatest', 2 * THREE);
    for (const [name, key] of [['a1', 'a'], ['b1', 'b'], ['a2', 'a'], ['x'], ['a3', 'a']] as const)
      add(name, key);
    expect(namesIn(messages.take())).toEqual(['b1', 'x', 'a3']);
    expect(counted.messagesReplaced).toBe(2);
    expect(counted.messagesDropped.keepLatest).toBe(0);
    // What has been taken out is on its way: a newer one cannot replace it.
    add('a4', 'a');
    expect(namesIn(messages.take())).toEqual(['a4']);
    expect(counted.messagesReplaced).toBe(2);
  });

  it.each(['dropNewest', 'dropOldest'] as const)('are not told apart by keys under %s', (policy) => {
    const { messages, counted, add } = waiting(policy);
    for (const name of ['1', '2', '3']) add(name, 'same');
    expect(namesIn(messages.take())).toEqual(['1', '2', '3']);
    expect(counted.messagesReplaced).toBe(0);
  });

  it.each(POLICIES)(
    'may be one of any size when nothing else waits, and are never dropped for one without room: %s',
    (policy) => {
      const { messages, counted, addBytes } = waiting(policy);
      addBytes(Buffer.alloc(10 * THREE));
      expect(messages.bytes).toBe(10 * THREE);
      messages.clear();
      addBytes(frame('small'), undefined, 1);
      addBytes(Buffer.alloc(THREE), 'key', 1);
      expect(namesIn(messages.take())).toEqual(['small']);
      expect(counted.messagesDropped[policy]).toBe(1);
    },
  );

  it('are shared by all clients that they wait for, in memory of their own that keeps nothing else alive', () => {
    const [one, other] = [waiting('dropOldest').messages, waiting('keepLatest').messages];
    const message = new OutgoingMessage(frame('for both'), true);
    for (const messages of [one, other]) messages.add(message, PLAIN, 0);
    const [kept] = one.take();
    expect(other.take()[0]).toBe(kept);
    expect(kept!.buffer.byteLength).toBe(10);
  });

  it('are taken a few at a time, one at least', () => {
    const { messages, add } = waiting('dropOldest', 0);
    for (let i = 0; i < 100; i++) add(String(i));
    expect(namesIn(messages.take(1))).toEqual(['0']);
    expect(namesIn(messages.take(39))).toEqual(['1', '2', '3']);
    expect(namesIn(messages.take(Infinity, 2))).toEqual(['4', '5']);
    expect(messages.take()).toHaveLength(94);
  });

  it('count what keeping them costs: a million small ones do not fit a small bound', () => {
    const { messages, counted, addBytes } = waiting('dropNewest', 1024 * 1024);
    for (let i = 0; i < 10_000; i++) addBytes(Buffer.alloc(1));
    expect(messages.bytes).toBe(Math.floor((1024 * 1024) / (1 + KEEPING_BYTES)));
    expect(counted.messagesDropped.dropNewest).toBe(10_000 - messages.bytes);
  });
});

interface ModelMessage {
  readonly number: number;
  readonly size: number;
  readonly key: string | undefined;
}

/** What the policies mean, in the plainest words. */
class Model {
  left: ModelMessage[] = [];
  dropped = 0;
  replaced = 0;

  constructor(
    private readonly policy: DropPolicy,
    private readonly maxBytes: number,
  ) {}

  cost(messages: readonly ModelMessage[]): number {
    const isKeyed = this.policy === 'keepLatest';
    return messages.reduce(
      (sum, { size, key }) => sum + size + KEEPING_BYTES + (isKeyed ? 2 * (key?.length ?? 0) : 0),
      0,
    );
  }

  #fits(messages: readonly ModelMessage[], heldBytes: number): boolean {
    if (this.maxBytes === 0 || (heldBytes === 0 && messages.length === 1)) return true;
    return heldBytes + this.cost(messages) <= this.maxBytes;
  }

  add(message: ModelMessage, heldBytes: number): void {
    const refuses = this.policy === 'dropNewest' ? [...this.left, message] : [message];
    if (!this.#fits(refuses, heldBytes)) return void this.dropped++;
    const others = this.left.filter(
      ({ key }) => this.policy !== 'keepLatest' || key === undefined || key !== message.key,
    );
    this.replaced += this.left.length - others.length;
    while (!this.#fits([...others, message], heldBytes)) {
      others.shift();
      this.dropped++;
    }
    this.left = [...others, message];
  }
}

describe('messages that wait, whatever comes and goes,', () => {
  const size = fc.oneof(fc.integer({ min: 4, max: 300 }), fc.integer({ min: 4, max: 3_000 }));
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        size,
        key: fc.option(fc.constantFrom('a', 'b', 'ccc', 'ä€'), { nil: undefined }),
        heldBytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2_500 })),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        bytes: fc.integer({ min: 1, max: 2_000 }),
        count: fc.integer({ min: 1, max: 5 }),
      }),
    },
  );

  it.each(POLICIES)('are those of the model: %s', (policy) => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 400, 2_000, 5_000),
        fc.array(step, { maxLength: 60 }),
        (maxBytes, steps) => {
          const { messages, counted, addBytes } = waiting(policy, maxBytes);
          const model = new Model(policy, maxBytes);
          const numberOf = (bytes: Buffer): number => bytes.readUInt32BE(0);
          steps.forEach((now, number) => {
            if ('size' in now) {
              const bytes = Buffer.alloc(now.size);
              bytes.writeUInt32BE(number);
              addBytes(bytes, now.key, now.heldBytes);
              model.add({ number, size: now.size, key: now.key }, now.heldBytes);
            } else {
              const taken = messages.take(now.bytes, now.count);
              const expected = model.left.splice(0, taken.length);
              expect(taken.map(numberOf)).toEqual(expected.map((message) => message.number));
              expect(taken.length > 0 || model.left.length === 0).toBe(true);
              if (taken.length > 1) expect(Buffer.concat(taken).length).toBeLessThanOrEqual(now.bytes);
            }
            expect(messages.bytes).toBe(model.left.reduce((sum, message) => sum + message.size, 0));
            if (maxBytes > 0 && model.left.length > 1)
              expect(model.cost(model.left)).toBeLessThanOrEqual(maxBytes);
          });
          expect(messages.take().map(numberOf)).toEqual(model.left.map((message) => message.number));
          expect(counted.messagesDropped[policy]).toBe(model.dropped);
          expect(counted.messagesReplaced).toBe(model.replaced);
          expect(messages.isEmpty).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});
