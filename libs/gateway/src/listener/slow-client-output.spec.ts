import { Writable } from 'node:stream';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutgoingMessage } from '../connection/outgoing-message.js';
import { SlowClients } from '../connection/slow-clients.js';
import type { DropCounters, DropPolicy } from '../connection/when-slow.js';
import { ClientOutput } from './client-output.js';
import { Flusher } from './flusher.js';
import { TCP_FRAMINGS } from './tcp-framing.js';
import { KEEPING_BYTES } from './waiting-messages.js';

const POLICIES: readonly DropPolicy[] = ['dropNewest', 'dropOldest', 'keepLatest'];
const HEAD_BYTES = 4;

/** Node's own stream on a pipe of which a test says how much it takes. */
class Pipe extends Writable {
  readonly taken: Buffer[] = [];
  bytesWritten = 0;
  #room: number;
  #held: { bytes: Buffer; done: () => void } | undefined;

  constructor(room: number) {
    super();
    this.#room = room;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#take(chunk, done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.#take(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  /** The client reads so much. */
  read(bytes: number): void {
    this.#room += bytes;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#take(held.bytes, held.done);
  }

  #take(bytes: Buffer, done: () => void): void {
    const now = bytes.subarray(0, this.#room);
    this.taken.push(Buffer.from(now));
    this.#room -= now.length;
    this.bytesWritten += now.length;
    if (now.length === bytes.length) done();
    else this.#held = { bytes: bytes.subarray(now.length), done };
  }
}

interface Stage {
  readonly pipe: Pipe;
  readonly output: ClientOutput<string>;
  readonly counted: DropCounters;
  readonly closed: string[];
}

function stage(policy: DropPolicy, maxQueuedBytes: number, room: number): Stage {
  const pipe = new Pipe(room);
  const counted = { messagesDropped: { dropNewest: 0, dropOldest: 0, keepLatest: 0 }, messagesReplaced: 0 };
  const closed: string[] = [];
  const output = new ClientOutput<string>(pipe as unknown as Socket, {
    flusher: new Flusher(),
    maxPendingBytes: Math.min(64 * 1024, maxQueuedBytes || Infinity),
    backlog: { policy, maxQueuedBytes, counters: counted },
    slowClients: new SlowClients(0, () => undefined),
    overflowed: () => closed.push('overflowed'),
  });
  return { pipe, output, counted, closed };
}

/** @param number in its first four bytes */
function message(number: number, size: number, isBroadcast = false, key?: string): OutgoingMessage {
  const payload = Buffer.alloc(size, number & 0xff);
  payload.writeUInt32BE(number);
  return new OutgoingMessage(payload, isBroadcast, key);
}

/** Takes the stream apart, which works only if every frame in it is whole. */
function payloadsOf(taken: readonly Buffer[]): Buffer[] {
  const payloads: Buffer[] = [];
  const rest = TCP_FRAMINGS.length.decoder(10_000_000);
  for (const chunk of taken) rest.push(chunk, { message: (data) => void payloads.push(Buffer.from(data)) });
  return payloads;
}

const numbersOf = (taken: readonly Buffer[]): number[] =>
  payloadsOf(taken).map((bytes) => bytes.readUInt32BE(0));

describe('the output of a client whose socket is behind', () => {
  it.each([
    ['dropNewest', [0, 1, 2, 3, 4]],
    ['dropOldest', [0, 6, 7, 8, 9]],
  ] as const)('keeps what the system has begun to take whole, and drops: %s', async (policy, arrived) => {
    const { pipe, output, counted } = stage(policy, 1_000 + 4 * (1_000 + KEEPING_BYTES), 10);
    for (let number = 0; number < 10; number++) {
      output.send(message(number, 1_000 - HEAD_BYTES), TCP_FRAMINGS.length);
      await nextTurn();
    }
    expect(output.unsentBytes).toBe(5_000);
    pipe.read(Infinity);
    await nextTurn();
    expect(numbersOf(pipe.taken)).toEqual(arrived);
    expect(counted.messagesDropped[policy]).toBe(5);
    expect(output.unsentBytes).toBe(0);
  });

  it('has a queue only until everything is taken, and then collects what leaves in one turn as ever', async () => {
    const { pipe, output } = stage('keepLatest', 100_000, 10);
    for (let number = 0; number < 20; number++) {
      output.send(message(number, 100, number % 2 === 0, 'same'), TCP_FRAMINGS.length);
      await nextTurn();
    }
    pipe.read(1_000_000);
    await nextTurn();
    expect(numbersOf(pipe.taken)).toEqual([0, 19]);
    const writes = pipe.taken.length;
    for (let number = 20; number < 30; number++)
      output.send(message(number, 100, false, 'same'), TCP_FRAMINGS.length);
    expect(pipe.taken).toHaveLength(writes);
    await nextTurn();
    expect(pipe.taken).toHaveLength(writes + 1);
    expect(numbersOf(pipe.taken)).toEqual([0, 19, ...Array.from({ length: 10 }, (_, i) => 20 + i)]);
  });

  it('gives the socket no more than 64 KiB at once, so that the rest may still be replaced', async () => {
    const { pipe, output } = stage('keepLatest', 10_000_000, 0);
    for (let number = 0; number < 1_000; number++)
      output.send(message(number, 1_000, number % 2 === 0, `key ${number}`), TCP_FRAMINGS.length);
    await nextTurn();
    expect(pipe.writableLength).toBeLessThanOrEqual(64 * 1024);
    for (let number = 0; number < 1_000; number++)
      output.send(message(1_000 + number, 1_000, true, `key ${number}`), TCP_FRAMINGS.length);
    pipe.read(Infinity);
    await nextTurn();
    const numbers = numbersOf(pipe.taken);
    const old = numbers.filter((number) => number < 1_000);
    expect(old.length).toBeLessThan(66);
    expect(numbers).toEqual([...old, ...Array.from({ length: 1_000 }, (_, i) => 1_000 + i)]);
  });

  it('shares the frame of a broadcast among all that are behind', () => {
    const sent = message(1, 1_000, true);
    const frame = sent.keptFrame(TCP_FRAMINGS.length);
    expect(frame.buffer.byteLength).toBe(1_000 + HEAD_BYTES);
    expect(sent.keptFrame(TCP_FRAMINGS.length)).toBe(frame);
    expect(sent.framedBy(TCP_FRAMINGS.length)).toBe(frame);
  });

  it('never drops control frames, of which the newest stands for the older', async () => {
    const { pipe, output, closed } = stage('dropNewest', 2_000, 0);
    for (let number = 0; number < 1_000; number++) {
      output.send(message(number, 100), TCP_FRAMINGS.length);
      output.sendControl('pong', frameWith(1_000_000 + number));
      output.sendControl('ping', frameWith(2_000_000));
      await Promise.resolve();
      if (number === 0) await nextTurn();
      expect(output.unsentBytes).toBeLessThanOrEqual(2_000 + 16);
    }
    pipe.read(Infinity);
    await nextTurn();
    const numbers = numbersOf(pipe.taken);
    const controls = numbers.filter((number) => number >= 1_000_000);
    // Two left with the first message, before the socket was behind.
    expect(controls).toEqual([1_000_000, 2_000_000, 1_000_999, 2_000_000]);
    expect(closed).toEqual([]);
  });

  it('gives everything to the socket for a goodbye, in order, and forgets it all when it ends', async () => {
    const { pipe, output } = stage('dropOldest', 100_000, 5);
    for (let number = 0; number < 50; number++) {
      output.send(message(number, 500), TCP_FRAMINGS.length);
      await nextTurn();
    }
    output.handOver();
    expect(pipe.writableLength).toBe(output.unsentBytes);
    pipe.write(frameWith(999));
    pipe.read(Infinity);
    await nextTurn();
    expect(numbersOf(pipe.taken)).toEqual([...Array.from({ length: 50 }, (_, i) => i), 999]);

    const ended = stage('dropOldest', 100_000, 5);
    for (let number = 0; number < 50; number++) {
      ended.output.send(message(number, 500), TCP_FRAMINGS.length);
      await nextTurn();
    }
    ended.output.end();
    expect(ended.output.unsentBytes).toBe(ended.pipe.writableLength);
    ended.pipe.read(Infinity);
    await nextTurn();
    expect(numbersOf(ended.pipe.taken)).toEqual([0]);
    expect(ended.pipe.listenerCount('end')).toBe(0);
  });

  it('goes on behind what others have written to the socket meanwhile', async () => {
    const { pipe, output } = stage('dropOldest', 100_000, 0);
    const send = (number: number): void =>
      output.send(message(number, 1_000 - HEAD_BYTES), TCP_FRAMINGS.length);
    for (const number of [0, 1, 2]) {
      send(number);
      await nextTurn();
    }
    pipe.read(1_500); // all of 0, half of 1: what follows is the socket's too
    await nextTurn();
    pipe.write(Buffer.concat([frameWith(50), frameWith(51)]));
    send(3);
    pipe.read(1_500 + 8);
    await nextTurn();
    expect(pipe.writableLength).toBe(16);
    pipe.read(Infinity);
    await nextTurn();
    expect(numbersOf(pipe.taken)).toEqual([0, 1, 2, 50, 51, 3]);
  });

  it('gives what waits to a client that has ended its own side, and reads on', async () => {
    const { pipe, output } = stage('dropOldest', 100_000, 5);
    for (let number = 0; number < 5; number++) {
      output.send(message(number, 500), TCP_FRAMINGS.length);
      await nextTurn();
    }
    pipe.on('end', () => pipe.end()); // as Node does with a socket that may not be half open
    pipe.emit('end');
    pipe.read(Infinity);
    await nextTurn();
    expect(numbersOf(pipe.taken)).toEqual([0, 1, 2, 3, 4]);
  });
});

function frameWith(number: number): Buffer {
  const frame = Buffer.alloc(HEAD_BYTES * 2);
  frame.writeUInt32BE(HEAD_BYTES);
  frame.writeUInt32BE(number, HEAD_BYTES);
  return frame;
}

describe('the output of a client, whatever is sent and however it reads,', () => {
  const send = fc.record({
    size: fc.oneof(fc.integer({ min: 4, max: 400 }), fc.integer({ min: 4, max: 9_000 })),
    isBroadcast: fc.boolean(),
    key: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
  });
  const step = fc.oneof(
    { weight: 6, arbitrary: send },
    { weight: 2, arbitrary: fc.record({ reads: fc.integer({ min: 1, max: 8_000 }) }) },
    { weight: 1, arbitrary: fc.record({ control: fc.constantFrom('ping' as const, 'pong' as const) }) },
    { weight: 2, arbitrary: fc.constant('turn' as const) },
  );
  const anySteps = fc.array(step, { maxLength: 80 });

  it.each(POLICIES)('holds what the policy promises: %s', async (policy) => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(0, 1_000, 6_000, 20_000), anySteps, async (maxQueuedBytes, steps) => {
        const { pipe, output, counted, closed } = stage(policy, maxQueuedBytes, 100);
        const newestOfKey = new Map<string, number>();
        const sent: number[] = [];
        const lastControl = new Map<string, number>();
        let largest = 0;
        for (const [number, now] of steps.entries()) {
          if (now === 'turn') await nextTurn();
          else if ('reads' in now) pipe.read(now.reads);
          else if ('control' in now) {
            lastControl.set(now.control, 1_000_000 + number);
            output.sendControl(now.control, frameWith(1_000_000 + number));
          } else {
            sent.push(number);
            if (now.key !== undefined) newestOfKey.set(now.key, number);
            largest = Math.max(largest, now.size + HEAD_BYTES);
            output.send(message(number, now.size, now.isBroadcast, now.key), TCP_FRAMINGS.length);
          }
          if (maxQueuedBytes > 0)
            expect(output.unsentBytes).toBeLessThanOrEqual(Math.max(maxQueuedBytes, largest) + 16);
        }
        await nextTurn();
        pipe.read(Infinity);
        while (output.unsentBytes > 0) await nextTurn();
        const numbers = numbersOf(pipe.taken);
        const arrived = numbers.filter((number) => number < 1_000_000);
        // Whole, in order, none twice, none that was not sent.
        expect(arrived).toEqual(sent.filter((number) => arrived.includes(number)));
        const dropped = counted.messagesDropped[policy];
        expect(arrived.length + dropped + counted.messagesReplaced).toBe(sent.length);
        if (dropped === 0 && policy === 'keepLatest')
          for (const number of newestOfKey.values()) expect(arrived).toContain(number);
        if (policy !== 'keepLatest') expect(counted.messagesReplaced).toBe(0);
        if (maxQueuedBytes === 0) expect(dropped).toBe(0);
        for (const number of lastControl.values()) expect(numbers).toContain(number);
        expect(closed).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
