import type { MemberRange, Slotted } from './member-range.js';
import { END_OF_SLOTS, slotOf } from './slot-allocator.js';
import { SlotSet } from './slot-set.js';

/** Where members are found by their slot. */
export interface SlotLookup<Member> {
  at(slot: number): Member | undefined;
  idAt(slot: number): number;
}

/** Any number of members, kept as their slots. */
export class SlotRange<Member extends Slotted> implements MemberRange<Member> {
  readonly #slots = new SlotSet();

  constructor(private readonly lookup: SlotLookup<Member>) {}

  get size(): number {
    return this.#slots.size;
  }

  add(member: Slotted): void {
    this.#slots.add(slotOf(member.id));
  }

  delete(member: Slotted): void {
    this.#slots.delete(slotOf(member.id));
  }

  visit(from: number, limit: number, visitor: (member: Member) => void): number {
    let slot = this.#slots.next(from);
    for (let left = limit; left > 0 && slot < END_OF_SLOTS; left--) {
      visitor(this.lookup.at(slot)!);
      slot = this.#slots.next(slot + 1);
    }
    return slot;
  }

  ids(from: number, limit: number): number[] {
    const ids: number[] = [];
    let slot = this.#slots.next(from);
    while (ids.length < limit && slot < END_OF_SLOTS) {
      ids.push(this.lookup.idAt(slot));
      slot = this.#slots.next(slot + 1);
    }
    return ids;
  }

  *[Symbol.iterator](): IterableIterator<Member> {
    for (let slot = this.#slots.next(0); slot < END_OF_SLOTS; slot = this.#slots.next(slot + 1)) {
      yield this.lookup.at(slot)!;
    }
  }
}
