import type { ByteString } from '#protocol';
import type { MemberRange, Slotted } from './member-range.js';
import { Members } from './members.js';
import { NameMap } from './name-map.js';
import type { SlotLookup } from './slot-range.js';

/**
 * Name → connections: which clients a uid is bound to, or who is in a group. A name without members is not kept; for one with a
 * single member, as most uids are, the member itself is all that is kept.
 */
export class NameIndex<Member extends Slotted> {
  readonly #entries = new NameMap<Member | Members<Member>>();
  readonly #lookup: SlotLookup<Member>;
  readonly #nobody: Members<Member>;

  constructor(lookup: SlotLookup<Member>) {
    this.#lookup = lookup;
    this.#nobody = new Members('' as ByteString, lookup);
  }

  /** How many names there are. */
  get size(): number {
    return this.#entries.size;
  }

  *names(): IterableIterator<ByteString> {
    for (const part of this.#entries.parts()) yield* part.keys();
  }

  /** All names, in stretches of about `atLeast`: who is there while they are read is in exactly one of them. */
  *nameStretches(atLeast: number): IterableIterator<ByteString[]> {
    let names: ByteString[] = [];
    for (const part of this.#entries.parts()) {
      for (const name of part.keys()) names.push(name);
      if (names.length < atLeast) continue;
      yield names;
      names = [];
    }
    if (names.length > 0) yield names;
  }

  count(name: ByteString): number {
    const entry = this.#entries.get(name);
    if (entry === undefined) return 0;
    return entry instanceof Members ? entry.size : 1;
  }

  members(name: ByteString): MemberRange<Member> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return this.#nobody;
    return entry instanceof Members ? entry : this.#membersOf(name, entry);
  }

  /**
   * @param member does not have the name yet
   * @returns the name, as the string that all its members share
   */
  add(name: ByteString, member: Member): ByteString {
    const part = this.#entries.partFor(name);
    const entry = part.get(name);
    if (entry instanceof Members) {
      entry.add(member);
      return entry.name;
    }
    if (entry === undefined) {
      part.set(name, member);
      return name;
    }
    const members = this.#membersOf(name, entry);
    members.add(member);
    part.set(name, members);
    return name;
  }

  /** @param member has the name */
  remove(name: ByteString, member: Member): void {
    const part = this.#entries.partFor(name);
    const entry = part.get(name);
    if (entry instanceof Members) {
      entry.remove(member);
      if (entry.size > 0) return;
    }
    part.delete(name);
  }

  #membersOf(name: ByteString, member: Member): Members<Member> {
    const members = new Members(name, this.#lookup);
    members.add(member);
    return members;
  }
}
