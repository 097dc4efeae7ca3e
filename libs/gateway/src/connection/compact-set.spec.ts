import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachItem, hasItem, itemsOf, sizeOf, withItem, withoutItem, type CompactSet } from './compact-set.js';

describe('a compact set', () => {
  it('is the same as a Set after any changes, whatever form it has', () => {
    fc.assert(
      // Enough to become a list and a Set, and to become empty again.
      fc.property(fc.array(fc.nat(30), { maxLength: 150 }), (toggled) => {
        let set: CompactSet<number>;
        const model = new Set<number>();
        for (const item of toggled) {
          expect(hasItem(set, item)).toBe(model.has(item));
          set = model.has(item) ? withoutItem(set, item) : withItem(set, item);
          if (!model.delete(item)) model.add(item);
          expect(sizeOf(set)).toBe(model.size);
          expect(itemsOf(set)).toHaveLength(model.size);
          expect(new Set(itemsOf(set))).toEqual(model);
          const visited: number[] = [];
          eachItem(set, (one) => visited.push(one));
          expect(visited).toEqual(itemsOf(set));
        }
      }),
    );
  });

  it('of one item is the item, and of none is nothing', () => {
    const one = withItem<string>(undefined, 'a');
    expect(one).toBe('a');
    expect(withoutItem(one, 'a')).toBeUndefined();
    expect(withoutItem(withItem(one, 'b'), 'a')).toBe('b');
  });

  it('does not disturb who walks through a list while items leave it', () => {
    let set: CompactSet<string> = withItem(withItem(withItem<string>(undefined, 'a'), 'b'), 'c');
    const visited: string[] = [];
    eachItem(set, (item) => {
      visited.push(item);
      set = withoutItem(set, item);
    });
    expect(visited).toEqual(['a', 'b', 'c']);
    expect(set).toBeUndefined();
  });
});
