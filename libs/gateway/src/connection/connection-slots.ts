import type { MemberRange, Slotted } from './member-range.js';
import { SlotAllocator, slotOf } from './slot-allocator.js';
import { SlotRange, type SlotLookup } from './slot-range.js';

const PAGE_BITS = 12;
const PAGE_SLOTS = 1 << PAGE_BITS;

/**
 * All connections by slot, in pages: one list of a million would stand still for milliseconds whenever it is copied to grow. A
 * look-up is two array accesses, and no map of a million numbers is needed.
 */
export class ConnectionSlots<Member extends Slotted> implements SlotLookup<Member> {
  readonly #ids = new SlotAllocator();
  readonly #pages: (Member | undefined)[][] = [];
  readonly #taken = new SlotRange<Member>(this);

  /** Everyone, in ascending order of ids. */
  get taken(): MemberRange<Member> {
    return this.#taken;
  }

  /** One more than the highest slot ever used. */
  get slotCount(): number {
    return this.#ids.slotCount;
  }

  /** @returns undefined when all slots are taken */
  take(make: (id: number) => Member): Member | undefined {
    const id = this.#ids.take();
    if (id === undefined) return undefined;
    const slot = slotOf(id);
    const member = make(id);
    (this.#pages[slot >>> PAGE_BITS] ??= Array.from({ length: PAGE_SLOTS }))[slot % PAGE_SLOTS] = member;
    this.#taken.add(member);
    return member;
  }

  release(member: Member): void {
    const slot = slotOf(member.id);
    this.#pages[slot >>> PAGE_BITS]![slot % PAGE_SLOTS] = undefined;
    this.#taken.delete(member);
    this.#ids.release(member.id);
  }

  at(slot: number): Member | undefined {
    return this.#pages[slot >>> PAGE_BITS]?.[slot % PAGE_SLOTS];
  }

  /** The id that was given last with this slot. */
  idAt(slot: number): number {
    return this.#ids.idAt(slot);
  }

  /** The first slot whose id may be greater than this one. */
  slotAfter(id: number): number {
    const slot = slotOf(id);
    return this.idAt(slot) > id ? slot : slot + 1;
  }
}
