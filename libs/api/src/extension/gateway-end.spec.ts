import { describe, expect, it } from 'vitest';
import {
  KeptSink,
  TERMS,
  clientAt,
  extensionGateway,
  gate,
  linkedByExtension,
  textEvent,
} from '../test/extension-kit.js';
import { ListedByHand, rejection, unstarted } from '../test/pool-kit.js';

const MiB = 1024 * 1024;

describe('a gateway that is gone from the list and comes back as the same one', () => {
  it('is dialled only when nothing runs any more of what came from it before', async () => {
    const node = await extensionGateway();
    const { api, pool, membership } = await linkedByExtension([node]);
    const sink = new KeptSink();
    const handlers = gate();
    sink.handlers = handlers.opened;
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    node.send(link, textEvent(1, 'a'));
    await sink.until(() => sink.taken.length === 1);
    membership.list();
    link.destroy();
    await sink.until(() => sink.interruptions.length === 1);
    await expect.poll(() => pool.members.length).toBe(0);
    for (let i = 0; i < 2; i++) {
      membership.list(node.entry);
      expect(pool.members).toHaveLength(1);
      api.sendToClient(clientAt(node, 1), 'late');
      // Far longer than it takes to make a link.
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(node.peers).toHaveLength(1);
      if (i === 0) membership.list();
    }
    expect(pool.counters.droppedCommands).toBe(2);
    handlers.open();
    await node.untilTaken(2);
    expect(sink.lost).toEqual([node.id]);
    expect(node.of('sendToClient')).toEqual([]);
  });
});

describe('a gateway of which only the address is listed', () => {
  it('is dialled again, after it was gone from the list, only when nothing runs any more of what came from it', async () => {
    const node = await extensionGateway();
    const { pool, membership } = unstarted(new ListedByHand([node.address]), { protocol: 'nestwire' });
    await pool.start();
    const sink = new KeptSink();
    const handlers = gate();
    sink.handlers = handlers.opened;
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    membership.list();
    link.destroy();
    await sink.until(() => sink.interruptions.length === 1);
    await expect.poll(() => pool.members.length).toBe(0);
    membership.list(node.address);
    // Far longer than it takes to make a link.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(node.peers).toHaveLength(1);
    handlers.open();
    await node.untilTaken(2);
  });

  it('gets nothing of what was meant for the clients of the one before it', async () => {
    const first = await extensionGateway();
    const { api, pool, log } = unstarted(new ListedByHand([first.address]), { protocol: 'nestwire' });
    await pool.start();
    await first.stop();
    const second = await extensionGateway({ port: first.address.port });
    const asked: Promise<unknown>[] = [];
    // Also while the link is being made, which takes some turns.
    while (pool.members[0]?.key !== second.id) {
      api.sendToClient(clientAt(first, 1), 'for a client that is gone');
      if (asked.length < 1_000) asked.push(rejection(api.getSession(clientAt(first, 1))));
      await new Promise((resolve) => setImmediate(resolve));
    }
    api.sendToClient(clientAt(second, 1), 'for one that is there');
    await second.until(() => second.of('sendToClient').length > 0);
    expect(second.of('sendToClient').map(({ request }) => request)).toEqual([
      { connectionId: 1, message: Buffer.from('for one that is there') },
    ]);
    expect(second.of('getSession')).toEqual([]);
    expect(log.warnings('are dropped')).toBeGreaterThan(0);
    for (const error of await Promise.all(asked)) {
      expect(error).toMatchObject({
        code: expect.stringMatching(/GATEWAY_(LOST|UNAVAILABLE|REPLACED)$/) as string,
      });
    }
  });
});

describe('a gateway that stops in order', () => {
  it('is not lost, and its events are let go of, when the list changes while its link closes', async () => {
    const node = await extensionGateway();
    const { api, pool, membership } = await linkedByExtension([node], { link: { closeTimeoutMs: 300 } });
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    node.send(link, textEvent(1, 'a'));
    await sink.until(() => sink.taken.length === 1);
    link.pause(); // what we have for it keeps our side of the link from closing
    for (let i = 0; i < 20; i++) api.sendToAll('x'.repeat(MiB));
    node.left(link);
    link.drain();
    await expect.poll(() => pool.members[0]?.isLinked).toBe(false);
    membership.list();
    expect([pool.members.length, sink.lost, sink.interruptions.length]).toEqual([1, [], 0]);
    link.resume();
    await sink.until(() => sink.interruptions.length === 1);
    await expect.poll(() => pool.members.length).toBe(0);
    expect([sink.lost, pool.counters.lostLinks]).toEqual([[], 0]);
  });

  it('is not lost when its process ends with something of ours unread, which resets the link', async () => {
    const node = await extensionGateway();
    const { api, pool, membership, log } = await linkedByExtension([node]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    link.pause();
    for (let i = 0; i < 20; i++) api.sendToAll('x'.repeat(MiB));
    await expect.poll(() => pool.members[0]?.channel.queuedBytes).toBeGreaterThan(0);
    node.left(link);
    await new Promise(setImmediate);
    link.flush();
    membership.list();
    await expect.poll(() => link.queuedBytes).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20)); // the Left is read here
    link.destroy();
    await sink.until(() => sink.interruptions.length === 1);
    await expect.poll(() => pool.members.length).toBe(0);
    expect(log.lines.filter(({ text }) => text.endsWith('has stopped'))).toHaveLength(1);
    expect(sink.lost).toEqual([]);
  });
});
