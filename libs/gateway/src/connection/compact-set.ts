/** Above this many items a `Set` is smaller and faster than a list. */
const MOST_IN_LIST = 16;

/**
 * A set that costs nothing while it has one item, as the groups of most clients and the clients of most uids do: nothing, the item,
 * a short list, or a `Set`. Lists are replaced instead of changed, so whoever walks through one is not disturbed.
 * `T` must be neither an array nor a `Set`.
 */
export type CompactSet<T> = undefined | T | readonly T[] | Set<T>;

/** The set with an item that it does not have yet. */
export function withItem<T>(set: CompactSet<T>, item: T): CompactSet<T> {
  if (set === undefined) return item;
  if (set instanceof Set) return set.add(item);
  if (!isList(set)) return [set, item];
  return set.length < MOST_IN_LIST ? [...set, item] : new Set(set).add(item);
}

/** The set without an item that it has. */
export function withoutItem<T>(set: CompactSet<T>, item: T): CompactSet<T> {
  if (set instanceof Set) {
    set.delete(item);
    return set.size === 0 ? undefined : set;
  }
  if (!isList(set)) return undefined;
  const [first, second] = set;
  if (set.length === 2) return first === item ? second : first;
  return set.filter((other) => other !== item);
}

export function hasItem<T>(set: CompactSet<T>, item: T): boolean {
  if (set instanceof Set) return set.has(item);
  return isList(set) ? set.includes(item) : set === item;
}

export function sizeOf<T>(set: CompactSet<T>): number {
  if (set === undefined) return 0;
  if (set instanceof Set) return set.size;
  return isList(set) ? set.length : 1;
}

export function eachItem<T>(set: CompactSet<T>, visit: (item: T) => void): void {
  if (set === undefined) return;
  if (set instanceof Set) for (const item of set) visit(item);
  else if (isList(set)) for (const item of set) visit(item);
  else visit(set);
}

export function itemsOf<T>(set: CompactSet<T>): readonly T[] {
  if (set === undefined) return [];
  if (set instanceof Set) return [...set];
  return isList(set) ? set : [set];
}

function isList<T>(set: CompactSet<T>): set is readonly T[] {
  return Array.isArray(set);
}
