import type { ClientHistory } from './client-history.js';
import type { MembershipViolation } from './violation.js';
import type { WorkerLives } from './worker-lives.js';

/** Who is in which group, and has which uid, as the cluster says it at the end. Groups and uids that nobody has may be left out. */
export interface Listing {
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly uids: Readonly<Record<string, readonly string[]>>;
}

/** Holds what the cluster lists against what the handlers did. A client that is gone is nowhere. */
export class MembershipRules {
  readonly #groups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #uids: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(listing: Listing) {
    this.#groups = byClient(listing.groups);
    this.#uids = byClient(listing.uids);
  }

  /** Every client that is listed anywhere. */
  get clients(): Iterable<string> {
    return new Set([...this.#groups.keys(), ...this.#uids.keys()]);
  }

  judge(history: ClientHistory, lives: WorkerLives): MembershipViolation[] {
    const { groups, uid } = modelOf(history, lives);
    const client = history.name;
    return [
      ...differences(client, 'group', groups, this.#groups.get(client)),
      ...differences(client, 'uid', uid === '' ? new Set() : new Set([uid]), this.#uids.get(client)),
    ];
  }
}

function modelOf(
  history: ClientHistory,
  lives: WorkerLives,
): { readonly groups: Set<string>; readonly uid: string } {
  const groups = new Set<string>();
  let uid = '';
  if (history.end !== undefined) return { groups, uid };
  const changes = history.memberships.toSorted((one, other) => one.atMs - other.atMs);
  for (const { kind, name, worker, atMs } of changes) {
    if (lives.isLate(worker, atMs)) continue;
    if (kind === 'bind') uid = name;
    else if (kind === 'join') groups.add(name);
    else groups.delete(name);
  }
  return { groups, uid };
}

function* differences(
  client: string,
  of: 'group' | 'uid',
  expected: ReadonlySet<string>,
  listed: ReadonlySet<string> = new Set(),
): IterableIterator<MembershipViolation> {
  for (const name of expected) {
    if (!listed.has(name)) yield { kind: 'membership', client, of, name, problem: 'missing' };
  }
  for (const name of listed) {
    if (!expected.has(name)) yield { kind: 'membership', client, of, name, problem: 'unexpected' };
  }
}

function byClient(listing: Readonly<Record<string, readonly string[]>>): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>();
  for (const [name, clients] of Object.entries(listing)) {
    for (const client of clients) {
      const known = names.get(client) ?? new Set();
      names.set(client, known.add(name));
    }
  }
  return names;
}
