import type { Slotted } from './member-range.js';
import { NameIndex } from './name-index.js';
import type { SlotLookup } from './slot-range.js';

/** Uids and groups of one tenant. A listener decides which namespace its clients live in; "" is the only one today. */
export class Namespace<Member extends Slotted> {
  readonly uids: NameIndex<Member>;
  readonly groups: NameIndex<Member>;

  constructor(
    readonly name: string,
    lookup: SlotLookup<Member>,
  ) {
    this.uids = new NameIndex(lookup);
    this.groups = new NameIndex(lookup);
  }
}
