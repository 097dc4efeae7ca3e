import { describe, expect, it } from 'vitest';
import { MAX_CONNECTIONS, SlotAllocator, slotOf } from './slot-allocator.js';

const GENERATION_MASK = 0xfff;
const RESTING_SLOTS = 1024;

function take(allocator: SlotAllocator): number {
  const id = allocator.take();
  if (id === undefined) throw new Error('The allocator is full');
  return id;
}

describe('connection ids', () => {
  it('have the slot in the upper 20 bits and the generation in the lower 12, and start at slot 1', () => {
    const allocator = new SlotAllocator();
    const ids = Array.from({ length: 50 }, () => take(allocator));
    expect(ids.map(slotOf)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    expect(ids.every((id) => id > GENERATION_MASK && id <= 0xffff_ffff)).toBe(true);
  });

  it('start with a random generation, so that a restarted gateway does not give the same ids again', () => {
    const generations = Array.from({ length: 32 }, () => take(new SlotAllocator()) & GENERATION_MASK);
    expect(new Set(generations).size).toBeGreaterThan(16);
  });

  it('reuse slots first in, first out, each with the next generation', () => {
    const allocator = new SlotAllocator();
    const first = Array.from({ length: RESTING_SLOTS + 3 }, () => take(allocator));
    for (const id of first) allocator.release(id);
    const again = [take(allocator), take(allocator), take(allocator)];
    expect(again.map(slotOf)).toEqual([1, 2, 3]);
    for (const [index, id] of again.entries()) {
      expect(id & GENERATION_MASK).toBe(((first[index]! & GENERATION_MASK) + 1) & GENERATION_MASK);
    }
  });

  it('let a slot rest, so that a client which reconnects all day does not come round to an old id', () => {
    const allocator = new SlotAllocator();
    const seen = new Set<number>();
    for (let connects = 0; connects < 20_000; connects++) {
      const id = take(allocator);
      expect(seen.has(id)).toBe(false);
      seen.add(id);
      allocator.release(id);
    }
    expect(Math.max(...[...seen].map(slotOf))).toBe(RESTING_SLOTS + 1);
  });

  it('are never 0, whatever the generation has come to', () => {
    const allocator = new SlotAllocator();
    for (let i = 0; i < 2 * RESTING_SLOTS; i++) allocator.release(take(allocator));
    const ids = Array.from({ length: 8192 }, () => take(allocator));
    expect(ids.includes(0)).toBe(false);
    expect(Math.min(...ids)).toBeGreaterThan(GENERATION_MASK);
  });

  it('end at 1,048,575 connections, and go on as soon as one has left', () => {
    const allocator = new SlotAllocator();
    let last = 0;
    for (let i = 0; i < MAX_CONNECTIONS; i++) last = take(allocator);
    expect(MAX_CONNECTIONS).toBe(1_048_575);
    expect(slotOf(last)).toBe(MAX_CONNECTIONS);
    expect(allocator.take()).toBeUndefined();
    allocator.release(last);
    const next = take(allocator);
    expect(slotOf(next)).toBe(MAX_CONNECTIONS);
    expect(next).not.toBe(last);
    expect(allocator.take()).toBeUndefined();
  });
});
