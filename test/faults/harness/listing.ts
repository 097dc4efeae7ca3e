import type { Listing } from '../../../libs/testing/src/index.js';
import { WsClient } from '../../e2e/test-client.js';

const LEAVING_MS = 3_000;

/** What the cluster says of its groups and uids, asked through a client of one of its gateways. */
export async function listMemberships(url: string): Promise<Listing> {
  const asker = await WsClient.connect(url);
  try {
    const groups = (await asker.call('getGroupList')) as string[];
    const uids = (await asker.call('getUidList')) as string[];
    return {
      groups: await listed(groups, (group) => asker.call('getClientListByGroup', group)),
      uids: await listed(uids, (uid) => asker.call('getClientListByUid', uid)),
    };
  } finally {
    asker.close();
    await asker.closed();
  }
}

/** The same once there is nothing left, or for a long time something was: a gateway may hear of an end a little later than the client. */
export async function listUntilEmpty(url: string): Promise<Listing> {
  const endMs = performance.now() + LEAVING_MS;
  for (;;) {
    const listing = await listMemberships(url);
    const names = [...Object.keys(listing.groups), ...Object.keys(listing.uids)];
    if (names.length === 0 || performance.now() > endMs) return listing;
  }
}

async function listed(
  names: readonly string[],
  clientsOf: (name: string) => Promise<unknown>,
): Promise<Record<string, string[]>> {
  const lists = await Promise.all(names.map(async (name) => [name, await clientsOf(name)] as const));
  return Object.fromEntries(lists) as Record<string, string[]>;
}
