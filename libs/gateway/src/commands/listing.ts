import type { ByteString } from '#protocol';
import type { Connection } from '../connection/connection.js';
import { InSteps, MOST_AT_ONCE, NO_LIMIT, STEP_SIZE } from '../connection/in-steps.js';
import type { MemberRange } from '../connection/member-range.js';
import type { NameIndex } from '../connection/name-index.js';
import { NameMap } from '../connection/name-map.js';
import { END_OF_SLOTS, slotOf } from '../connection/slot-allocator.js';

/** What is listed: all at once, or in parts when there is too much for one turn. */
export type Listing<Item> = readonly Item[] | InSteps<readonly Item[]>;

/** Ids are read off the slots, without a look at their connections: so many take no longer than a step of anything else. */
const IDS_A_STEP = 8 * STEP_SIZE;

/** The ids of members whose slot is at least `from`, ascending. */
export function listIds(members: MemberRange<Connection>, from = 0, limit = NO_LIMIT): Listing<number> {
  const most = Math.min(members.size, limit);
  return most > MOST_AT_ONCE ? new InSteps(idParts(members, from, limit)) : members.ids(from, limit);
}

export function listNames(index: NameIndex<Connection>): Listing<ByteString> {
  return index.size > MOST_AT_ONCE ? new InSteps(index.nameStretches(STEP_SIZE)) : [...index.names()];
}

/** The uids that these connections are bound to, each once. */
export function listUids(members: MemberRange<Connection>): Listing<ByteString> {
  if (members.size > MOST_AT_ONCE) return new InSteps(uidParts(members));
  const uids = new Set<ByteString>();
  for (const { uid } of members) if (uid !== '') uids.add(uid);
  return [...uids];
}

function* idParts(
  members: MemberRange<Connection>,
  first: number,
  limit: number,
): IterableIterator<readonly number[]> {
  let left = limit;
  for (let from = first; ;) {
    const ids = members.ids(from, Math.min(left, IDS_A_STEP));
    const last = ids.at(-1);
    if (last === undefined) return;
    yield ids;
    left -= ids.length;
    from = slotOf(last) + 1;
  }
}

function* uidParts(members: MemberRange<Connection>): IterableIterator<readonly ByteString[]> {
  const listed = new NameMap<true>();
  for (let slot = 0; slot < END_OF_SLOTS;) {
    const uids: ByteString[] = [];
    slot = members.visit(slot, STEP_SIZE, ({ uid }) => {
      if (uid === '') return;
      const part = listed.partFor(uid);
      if (part.has(uid)) return;
      part.set(uid, true);
      uids.push(uid);
    });
    yield uids;
  }
}
