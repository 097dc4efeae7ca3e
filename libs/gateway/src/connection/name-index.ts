import type { ByteString } from '#protocol';

const NOBODY: ReadonlySet<never> = new Set();

/** Name → connections: which clients a uid is bound to, or who is in a group. A name without members is not kept. */
export class NameIndex<Member> {
  readonly #members = new Map<ByteString, Set<Member>>();

  /** How many names there are. */
  get size(): number {
    return this.#members.size;
  }

  names(): IterableIterator<ByteString> {
    return this.#members.keys();
  }

  members(name: ByteString): ReadonlySet<Member> {
    return this.#members.get(name) ?? NOBODY;
  }

  add(name: ByteString, member: Member): void {
    const members = this.#members.get(name);
    if (members === undefined) this.#members.set(name, new Set([member]));
    else members.add(member);
  }

  remove(name: ByteString, member: Member): void {
    const members = this.#members.get(name);
    if (members === undefined || !members.delete(member)) return;
    if (members.size === 0) this.#members.delete(name);
  }

  /** Forgets the name; returns who had it. */
  removeName(name: ByteString): ReadonlySet<Member> {
    const members = this.members(name);
    this.#members.delete(name);
    return members;
  }
}
