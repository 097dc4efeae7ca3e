import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteStringFromText } from '#protocol';
import { ConnectionSlots } from './connection-slots.js';
import { MOST_AT_ONCE, NO_LIMIT } from './in-steps.js';
import type { Slotted } from './member-range.js';
import { NameIndex } from './name-index.js';
import { END_OF_SLOTS, slotOf } from './slot-allocator.js';

const name = byteStringFromText;
const NAME = name('all');
const MANY = MOST_AT_ONCE + 100;

function filled(count: number): {
  slots: ConnectionSlots<Slotted>;
  index: NameIndex<Slotted>;
  all: Slotted[];
} {
  const slots = new ConnectionSlots<Slotted>();
  const index = new NameIndex<Slotted>(slots);
  const all = Array.from({ length: count }, () => slots.take((id) => ({ id }))!);
  for (const member of all) index.add(NAME, member);
  return { slots, index, all };
}

const idsOf = (members: Iterable<Slotted>): number[] => Array.from(members, ({ id }) => id);

describe('the index of names', () => {
  it('is the same as a Map of Sets after any changes', () => {
    const change = fc.tuple(fc.nat(40), fc.nat(200));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
        const { index, all } = filled(0);
        const slots = new ConnectionSlots<Slotted>();
        for (let i = 0; i <= 40; i++) all.push(slots.take((id) => ({ id }))!);
        const model = new Map<string, Set<Slotted>>();
        for (const [who, what] of changes) {
          const key = name(`n${what % 7}`);
          const members = model.get(key) ?? new Set();
          model.set(key, members);
          if (members.delete(all[who]!)) index.remove(key, all[who]!);
          else {
            members.add(all[who]!);
            index.add(key, all[who]!);
          }
          if (members.size === 0) model.delete(key);
        }
        expect(new Set(index.names())).toEqual(new Set(model.keys()));
        expect(index.size).toBe(model.size);
        for (const [key, members] of model) {
          expect(index.count(name(key))).toBe(members.size);
          expect(new Set(index.members(name(key)))).toEqual(members);
          expect(index.members(name(key)).ids(0, NO_LIMIT)).toEqual(idsOf(members).sort((a, b) => a - b));
        }
      }),
    );
  });

  it.each([1, 2, 20, MOST_AT_ONCE, MANY])('lists and visits %i members of a name once', (count) => {
    const { index, all } = filled(count);
    const members = index.members(NAME);
    expect(members.size).toBe(count);
    expect(members.ids(0, NO_LIMIT)).toEqual(idsOf(all));
    const visited: Slotted[] = [];
    for (let slot = 0; slot < END_OF_SLOTS;) slot = members.visit(slot, 1000, (one) => visited.push(one));
    expect(new Set(visited)).toEqual(new Set(all));
    expect(visited).toHaveLength(count);
    const middle = all[count >> 1]!;
    expect(members.ids(slotOf(middle.id), 1)).toEqual([middle.id]);
    for (const member of all) index.remove(NAME, member);
    expect(index.size).toBe(0);
  });

  it('meets who stays exactly once, whoever comes and goes in between', () => {
    const { slots, index, all } = filled(MANY);
    const members = index.members(NAME);
    const visited: Slotted[] = [];
    let slot = members.visit(0, 4000, (one) => visited.push(one));
    // One that was met leaves and comes back, one that was not met leaves, and two are new.
    index.remove(NAME, all[10]!);
    index.add(NAME, all[10]!);
    index.remove(NAME, all[5000]!);
    const fresh = slots.take((id) => ({ id }))!;
    index.add(NAME, fresh);
    while (slot < END_OF_SLOTS) slot = members.visit(slot, 4000, (one) => visited.push(one));
    const times = new Map<Slotted, number>();
    for (const one of visited) times.set(one, (times.get(one) ?? 0) + 1);
    expect(Math.max(...times.values())).toBe(1);
    expect(times.has(all[5000]!)).toBe(false);
    for (const one of all) if (one !== all[5000]) expect(times.has(one)).toBe(true);
  });

  it('hands out every name once in stretches, while others come and go', () => {
    const { slots, index } = filled(0);
    const [member] = [slots.take((id) => ({ id }))!];
    const names = Array.from({ length: 20_000 }, (_, i) => name(`n${i}`));
    for (const one of names) index.add(one, member);
    const found: string[] = [];
    let stretches = 0;
    for (const stretch of index.nameStretches(4_096)) {
      found.push(...stretch);
      index.remove(names[stretches]!, member);
      index.add(name(`new${stretches}`), member);
      stretches++;
    }
    expect(stretches).toBeGreaterThan(3);
    expect(stretches).toBeLessThan(7);
    const listed = new Set(found);
    expect(listed.size).toBe(found.length);
    for (const one of names.slice(stretches)) expect(listed.has(one)).toBe(true);
  });

  it('gives all members the string that the first two shared, so that each keeps none of its own', () => {
    const { index, slots } = filled(2);
    const copy = name(['a', 'll'].join(''));
    expect(
      index.add(
        copy,
        slots.take((id) => ({ id }))!,
      ),
    ).toBe(NAME);
    expect(index.count(NAME)).toBe(3);
  });
});
