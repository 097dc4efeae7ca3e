import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, byteStringFromText, type ByteString } from '#protocol';
import {
  ListedByHand,
  all,
  clientOf,
  gateway,
  linkedTo,
  rejection,
  twoGateways,
  unstarted,
} from './test/pool-kit.js';
import { SILENCE } from './test/scripted-gateway.js';

const names = (...list: string[]): ByteString[] => list.map(byteStringFromText);

/** A gateway's pages over these connections. */
function pagesOf(...connectionIds: number[]) {
  return {
    getClientList: ({ limit, after }: { limit: number; after: number }) =>
      connectionIds.filter((id) => id > after).slice(0, limit),
  };
}

/** What a list gave before it threw, and what it threw. */
async function partOf<Item>(items: AsyncIterable<Item>): Promise<{ listed: Item[]; error: unknown }> {
  const listed: Item[] = [];
  const error = await rejection(
    (async () => {
      for await (const item of items) listed.push(item);
    })(),
  );
  return { listed, error };
}

describe('getClientList', () => {
  it('pages through all gateways in the order of their keys', async () => {
    const [a, b] = await twoGateways(pagesOf(1, 2, 3, 4, 5), pagesOf(2, 0xffff_ffff));
    const { api } = await linkedTo([b, a]);
    expect(await all(api.getClientList({ pageSize: 2 }))).toEqual([
      ...[1, 2, 3, 4, 5].map((id) => clientOf(a, id)),
      ...[2, 0xffff_ffff].map((id) => clientOf(b, id)),
    ]);
    expect(a.received.map(({ request }) => request)).toEqual([
      { limit: 2, after: 0 },
      { limit: 2, after: 2 },
      { limit: 2, after: 4 },
      { limit: 2, after: 5 },
    ]);
  });

  it('goes on behind any client, also behind one that has left', async () => {
    const [a, b] = await twoGateways(pagesOf(1, 5, 9), pagesOf(2, 3));
    const { api } = await linkedTo([a, b]);
    const tail = [clientOf(a, 9), clientOf(b, 2), clientOf(b, 3)];
    expect(await all(api.getClientList({ after: clientOf(a, 5) }))).toEqual(tail);
    expect(await all(api.getClientList({ after: clientOf(a, 7) }))).toEqual(tail);
    expect(await all(api.getClientList({ after: clientOf(b, 2) }))).toEqual([clientOf(b, 3)]);
    expect(await all(api.getClientList({ after: 'f'.repeat(20) }))).toEqual([]);
  });

  it('asks for nothing more when the loop ends early', async () => {
    const [a, b] = await twoGateways({ ...pagesOf(1, 2, 3, 4), isOnline: () => true }, pagesOf(1));
    const { api } = await linkedTo([a, b]);
    const seen: string[] = [];
    for await (const clientId of api.getClientList({ pageSize: 2 })) {
      seen.push(clientId);
      break;
    }
    expect(seen).toEqual([clientOf(a, 1)]);
    await api.isOnline(clientOf(a, 1));
    expect(a.names).toEqual(['getClientList', 'isOnline']);
    expect(b.received).toEqual([]);
  });

  it('asks nobody before the loop begins', async () => {
    const node = await gateway({ ...pagesOf(1), isOnline: () => true });
    const { api } = await linkedTo([node]);
    api.getClientList();
    await api.isOnline(clientOf(node, 1));
    expect(node.names).toEqual(['isOnline']);
  });

  it('hands out all that could be had, and names the missing gateway at the end', async () => {
    const [a, b] = await twoGateways(
      { getClientList: ({ after }) => (after === 0 ? [1, 2] : SILENCE) },
      pagesOf(7),
    );
    const { api } = await linkedTo([a, b], { questionTimeoutMs: 50 });
    const { listed, error } = await partOf(api.getClientList({ pageSize: 2 }));
    expect(listed).toEqual([clientOf(a, 1), clientOf(a, 2), clientOf(b, 7)]);
    expect(error).toMatchObject({
      code: 'ERR_NESTWIRE_PARTIAL_RESULT',
      partial: undefined,
      missing: [a.address],
    });
  });

  it('is not led round in circles by a gateway whose pages do not go on', async () => {
    const node = await gateway({ getClientList: () => [1, 2] });
    const { api } = await linkedTo([node]);
    const { listed, error } = await partOf(api.getClientList());
    expect(listed).toEqual([clientOf(node, 1), clientOf(node, 2)]);
    expect(error).toMatchObject({ missing: [node.address], causes: [{ code: 'ERR_NESTWIRE_MALFORMED' }] });
  });

  it('includes a gateway that comes while the list is read', async () => {
    const [a, b] = await twoGateways(pagesOf(1), pagesOf(2));
    const { api, membership } = await linkedTo([a]);
    const seen: string[] = [];
    for await (const clientId of api.getClientList()) {
      seen.push(clientId);
      membership.list(a.address, b.address);
    }
    expect(seen).toEqual([clientOf(a, 1), clientOf(b, 2)]);
  });

  it.each([0, -1, 1.5, 2 ** 32, Number.NaN])('refuses %s as a page size, at once', async (pageSize) => {
    const { api } = await linkedTo([]);
    expect(() => api.getClientList({ pageSize })).toThrow(InvalidArgumentError);
  });

  it('refuses what is no client id to go on behind, at once', async () => {
    const { api } = await linkedTo([]);
    expect(() => api.getClientList({ after: 'nonsense' })).toThrow(InvalidArgumentError);
  });
});

describe('lists by group and uid', () => {
  it('name the members on every gateway, and go on behind one of them', async () => {
    const [a, b] = await twoGateways(
      { getClientListByGroup: () => [1, 4, 6], getClientListByUid: () => [4] },
      { getClientListByGroup: () => [2], getClientListByUid: () => [8, 9] },
    );
    const { api } = await linkedTo([a, b]);
    expect(await all(api.getClientListByGroup('g'))).toEqual([
      ...[1, 4, 6].map((id) => clientOf(a, id)),
      clientOf(b, 2),
    ]);
    expect(await all(api.getClientListByGroup('g', { after: clientOf(a, 4) }))).toEqual([
      clientOf(a, 6),
      clientOf(b, 2),
    ]);
    expect(await all(api.getClientListByUid('u', { after: clientOf(b, 8) }))).toEqual([clientOf(b, 9)]);
  });

  it('of names give each once, or once for each gateway when asked', async () => {
    const [a, b] = await twoGateways(
      {
        getUidList: () => names('u1', '☃'),
        getUidListByGroup: () => names('u1'),
        getGroupList: () => names('g', 'h'),
      },
      {
        getUidList: () => names('☃', 'u2'),
        getUidListByGroup: () => names('u1'),
        getGroupList: () => names('h'),
      },
    );
    const { api } = await linkedTo([a, b]);
    expect(await all(api.getUidList())).toEqual(['u1', '☃', 'u2']);
    expect(await all(api.getUidListByGroup('g'))).toEqual(['u1']);
    expect(await all(api.getGroupList())).toEqual(['g', 'h']);
    expect(await all(api.getGroupList({ unique: false }))).toEqual(['g', 'h', 'h']);
  });

  it('wait for the first list of gateways', async () => {
    const node = await gateway({ getGroupList: () => names('g') });
    const { api, pool, membership } = unstarted(new ListedByHand());
    const started = pool.start();
    const listing = all(api.getGroupList());
    membership.list(node.address);
    expect(await listing).toEqual(['g']);
    await started;
  });
});
