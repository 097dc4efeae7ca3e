import type { ByteString } from '#protocol';
import { eachItem, itemsOf, sizeOf, withItem, withoutItem, type CompactSet } from './compact-set.js';
import { MOST_AT_ONCE } from './in-steps.js';
import type { MemberRange, Slotted } from './member-range.js';
import { END_OF_SLOTS, slotOf } from './slot-allocator.js';
import { SlotRange, type SlotLookup } from './slot-range.js';

/** Who has one name. As many as can be visited at once are kept themselves, more as their slots: from then on for good. */
export class Members<Member extends Slotted> implements MemberRange<Member> {
  #few: CompactSet<Member>;
  #many: SlotRange<Member> | undefined;

  constructor(
    /** All that have it share this string, instead of keeping one of their own each. */
    readonly name: ByteString,
    private readonly lookup: SlotLookup<Member>,
  ) {}

  get size(): number {
    return this.#many?.size ?? sizeOf(this.#few);
  }

  add(member: Member): void {
    if (this.#many !== undefined) this.#many.add(member);
    else {
      this.#few = withItem(this.#few, member);
      if (sizeOf(this.#few) > MOST_AT_ONCE) this.#keepSlots();
    }
  }

  remove(member: Member): void {
    if (this.#many !== undefined) this.#many.delete(member);
    else this.#few = withoutItem(this.#few, member);
  }

  visit(from: number, limit: number, visitor: (member: Member) => void): number {
    if (this.#many !== undefined) return this.#many.visit(from, limit, visitor);
    if (from === 0) eachItem(this.#few, visitor);
    else for (const member of itemsOf(this.#few)) if (slotOf(member.id) >= from) visitor(member);
    return END_OF_SLOTS;
  }

  ids(from: number, limit: number): number[] {
    if (this.#many !== undefined) return this.#many.ids(from, limit);
    const ids = Uint32Array.from(itemsOf(this.#few), ({ id }) => id).sort();
    return [...ids].filter((id) => slotOf(id) >= from).slice(0, limit);
  }

  [Symbol.iterator](): IterableIterator<Member> {
    return this.#many?.[Symbol.iterator]() ?? itemsOf(this.#few).values();
  }

  #keepSlots(): void {
    const many = new SlotRange(this.lookup);
    eachItem(this.#few, (member) => many.add(member));
    this.#few = undefined;
    this.#many = many;
  }
}
