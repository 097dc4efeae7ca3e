import { NameIndex } from './name-index.js';

/** Uids and groups of one tenant. A listener decides which namespace its clients live in; "" is the only one today. */
export class Namespace<Member> {
  readonly uids = new NameIndex<Member>();
  readonly groups = new NameIndex<Member>();

  constructor(readonly name: string) {}
}
