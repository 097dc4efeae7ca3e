import type { GatewayApi } from '#api';
import type { ClientId } from '#protocol';
import type { Listing } from '../checker/membership-rules.js';

/**
 * Who is in which group and has which uid, as all gateways say it now: what a Checker wants to be told as `listed`.
 * @param nameOf the client's name for the Checker, say out of its session
 */
export async function listingOf(
  api: GatewayApi,
  nameOf: (client: ClientId) => string | Promise<string>,
): Promise<Listing> {
  const namesOf = async (clients: AsyncIterable<ClientId>): Promise<string[]> => {
    const names: string[] = [];
    for await (const client of clients) names.push(await nameOf(client));
    return names;
  };
  const [groups, uids] = [new Map<string, string[]>(), new Map<string, string[]>()];
  for await (const group of api.getGroupList())
    groups.set(group, await namesOf(api.getClientListByGroup(group)));
  for await (const uid of api.getUidList()) uids.set(uid, await namesOf(api.getClientListByUid(uid)));
  return { groups: Object.fromEntries(groups), uids: Object.fromEntries(uids) };
}
