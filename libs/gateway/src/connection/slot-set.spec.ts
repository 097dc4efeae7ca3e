import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { END_OF_SLOTS } from './slot-allocator.js';
import { SlotSet } from './slot-set.js';

/** Few enough to collide, and at the edges of words and of the whole. */
const slot = fc.oneof(
  fc.nat(100),
  fc.nat(END_OF_SLOTS - 1),
  fc.constantFrom(0, 31, 32, 1023, 1024, END_OF_SLOTS - 1),
);
const steps = fc.array(fc.tuple(fc.boolean(), slot), { maxLength: 200 });

function filled(changes: readonly (readonly [boolean, number])[]): { set: SlotSet; model: Set<number> } {
  const set = new SlotSet();
  const model = new Set<number>();
  for (const [isAdded, changed] of changes) {
    if (isAdded) {
      set.add(changed);
      model.add(changed);
    } else {
      set.delete(changed);
      model.delete(changed);
    }
  }
  return { set, model };
}

function walked(set: SlotSet): number[] {
  const found: number[] = [];
  for (let at = set.next(0); at < END_OF_SLOTS; at = set.next(at + 1)) found.push(at);
  return found;
}

describe('a set of slots', () => {
  it('is the same as a Set after any changes, in ascending order', () => {
    fc.assert(
      fc.property(steps, fc.array(slot), (changes, asked) => {
        const { set, model } = filled(changes);
        expect(set.size).toBe(model.size);
        expect(walked(set)).toEqual([...model].sort((a, b) => a - b));
        for (const one of asked) expect(set.has(one)).toBe(model.has(one));
      }),
    );
  });

  it('goes on from any slot, whether it is in the set or not', () => {
    fc.assert(
      fc.property(steps, slot, (changes, from) => {
        const { set, model } = filled(changes);
        expect(set.next(from)).toBe(Math.min(END_OF_SLOTS, ...[...model].filter((one) => one >= from)));
      }),
    );
  });

  it('ends behind its last slot', () => {
    const set = new SlotSet();
    expect(set.next(END_OF_SLOTS)).toBe(END_OF_SLOTS);
    set.add(END_OF_SLOTS - 1);
    expect(set.next(0)).toBe(END_OF_SLOTS - 1);
    expect(set.next(END_OF_SLOTS)).toBe(END_OF_SLOTS);
  });
});
