import { describe, expect, it } from 'vitest';
import {
  KeptSink,
  TERMS,
  clientAt,
  extensionGateway,
  linkedByExtension,
  textEvent,
} from '../test/extension-kit.js';

describe('a gateway that a list lacks while its link works', () => {
  it('keeps its commands, questions and events, on the link that there is', async () => {
    const node = await extensionGateway({ script: { isOnline: () => true, getClientCount: () => 4 } });
    const { api, pool, membership, log } = await linkedByExtension([node]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    node.send(link, textEvent(1, 'listed'));
    await sink.until(() => sink.taken.length === 1);

    membership.list();
    api.sendToClient(clientAt(node, 1), 'to one');
    api.sendToAll('to all');
    api.sendToUid('ann', 'to a uid');
    expect(await api.isOnline(clientAt(node, 1))).toBe(true);
    expect(await api.getClientCount()).toBe(4);
    expect(node.names.filter((name) => name.startsWith('sendTo'))).toEqual([
      'sendToClient',
      'sendToAll',
      'sendToUid',
    ]);
    node.send(link, textEvent(1, 'not listed'));
    await sink.until(() => sink.taken.length === 2);
    for (const { source, sequence } of sink.taken) source.acknowledge(sequence);
    await node.until(() => node.acknowledged.length === 2);
    expect(api.gateways).toEqual([node.address]);

    membership.list(node.entry);
    expect(await api.isOnline(clientAt(node, 1))).toBe(true);
    node.send(link, textEvent(1, 'listed again'));
    await sink.until(() => sink.taken.length === 3);
    expect(sink.texts).toEqual(['listed', 'not listed', 'listed again']);
    expect(sink.lost).toEqual([]);
    expect(sink.interruptions).toEqual([]);
    expect(pool.counters).toEqual({ droppedCommands: 0, failedUidSends: 0, lateReplies: 0, lostLinks: 0 });
    expect(log.lines.filter(({ level }) => level !== 'log')).toEqual([]);
    // It was dialled once, and asked for events once.
    expect(node.peers).toHaveLength(1);
    expect(node.of('takeEvents')).toHaveLength(1);
  });

  it('is not taken away from those that are listed, nor they from it', async () => {
    const [stale, listed] = [
      await extensionGateway({ script: { getClientCount: () => 1 } }),
      await extensionGateway({ script: { getClientCount: () => 2 } }),
    ];
    const { api, pool, membership } = await linkedByExtension([stale, listed]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const links = [await stale.untilTaken(), await listed.untilTaken()];
    membership.list(listed.entry);
    expect(await api.getClientCount()).toBe(3);
    stale.send(links[0]!, textEvent(1, 'stale'));
    listed.send(links[1]!, textEvent(1, 'listed'));
    await sink.until(() => sink.taken.length === 2);
    expect(sink.texts.toSorted()).toEqual(['listed', 'stale']);
    expect(sink.lost).toEqual([]);
  });

  it('is forgotten when its link ends: lost once, its commands dropped, dialled no more', async () => {
    const node = await extensionGateway({ script: { isOnline: () => true } });
    const { api, pool, membership } = await linkedByExtension([node]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    membership.list();
    expect(await api.isOnline(clientAt(node, 1))).toBe(true);
    link.destroy();
    await sink.until(() => sink.lost.length === 1);
    await expect.poll(() => pool.members.length).toBe(0);
    api.sendToClient(clientAt(node, 1), 'nobody');
    expect(pool.counters.droppedCommands).toBe(1);
    expect(await api.isOnline(clientAt(node, 1))).toBe(false);
    expect(sink.lost).toEqual([node.id]);
    expect(node.peers).toHaveLength(1);
  });
});
