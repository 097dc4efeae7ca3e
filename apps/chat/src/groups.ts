import type { GatewayApi } from '#api';

/** The group of everybody who is signed in. */
export const LOBBY = 'lobby';

/** Rooms have a prefix, so that none can be called like a group of ours. */
const PREFIX = 'room:';

export function groupOf(room: string): string {
  return PREFIX + room;
}

/** The rooms among some groups. */
export function roomsOf(groups: Iterable<string>): string[] {
  return [...groups].filter((group) => group.startsWith(PREFIX)).map((group) => group.slice(PREFIX.length));
}

/** The uids in a room: one question to each gateway. */
export async function membersOf(gateway: GatewayApi, room: string): Promise<string[]> {
  return firstOf(gateway.getUidListByGroup(groupOf(room)), Number.POSITIVE_INFINITY);
}

export async function firstOf<Item>(items: AsyncIterable<Item>, limit: number): Promise<Item[]> {
  const taken: Item[] = [];
  for await (const item of items) {
    if (taken.length >= limit) break;
    taken.push(item);
  }
  return taken;
}
