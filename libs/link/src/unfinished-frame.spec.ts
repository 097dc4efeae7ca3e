import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { FrameDecoder } from '#protocol';
import { CarryBudget } from './carry-budget.js';
import { UnfinishedFrameWatch } from './unfinished-frame.js';

const KiB = 1024;
const MAX_FRAME_BYTES = 100 * KiB;

/** A link as far as its unfinished frames go. */
function receiver(budget: CarryBudget, takesBatches: boolean) {
  const decoder = new FrameDecoder(MAX_FRAME_BYTES, takesBatches);
  const failures: Error[] = [];
  const watch = new UnfinishedFrameWatch(new Socket(), 'peer:1', decoder, 0, budget, (reason) =>
    failures.push(reason),
  );
  const receive = (chunk: Buffer): void => {
    decoder.push(chunk, () => undefined);
    watch.received();
  };
  return { receive, watch, failures };
}

function begun(length: number, bytes: number): Buffer {
  const part = Buffer.alloc(bytes);
  part.writeUInt32BE(length);
  return part;
}

describe('what the unfinished frames of many links hold together', () => {
  it('counts from the first byte of those without batches', () => {
    const budget = new CarryBudget(MAX_FRAME_BYTES);
    const [one, other] = [receiver(budget, false), receiver(budget, false)];
    one.receive(begun(MAX_FRAME_BYTES, 60 * KiB));
    expect(budget.usedBytes).toBe(60 * KiB);
    other.receive(begun(MAX_FRAME_BYTES, 40 * KiB));
    expect(other.failures).toEqual([]);
    other.receive(Buffer.alloc(1));
    expect(other.failures).toMatchObject([
      { code: 'ERR_NESTWIRE_TOO_MUCH_CARRIED', carriedBytes: 40 * KiB + 1 },
    ]);
    other.watch.end();
    one.watch.end();
    expect(budget.usedBytes).toBe(0);
  });

  it('counts from 16 KiB on of those with batches: whoever is busy is always in the middle of one', () => {
    const budget = new CarryBudget(MAX_FRAME_BYTES);
    const most = MAX_FRAME_BYTES + 16 * KiB;
    const links = Array.from({ length: 100 }, () => receiver(budget, true));
    for (const { receive } of links) receive(begun(most, 16 * KiB));
    expect(budget.usedBytes).toBe(0);
    // The largest batch of one link gets through.
    links[0]!.receive(Buffer.alloc(MAX_FRAME_BYTES - 1));
    expect(budget.usedBytes).toBe(MAX_FRAME_BYTES - 1);
    links[1]!.receive(Buffer.alloc(1));
    expect(links.flatMap(({ failures }) => failures)).toEqual([]);
    links[1]!.receive(Buffer.alloc(1));
    expect(links[1]!.failures).toMatchObject([{ code: 'ERR_NESTWIRE_TOO_MUCH_CARRIED' }]);
    for (const { watch } of links) watch.end();
    expect(budget.usedBytes).toBe(0);
  });
});
