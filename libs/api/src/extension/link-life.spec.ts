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
import { rejection } from '../test/pool-kit.js';

describe('a link of the extension', () => {
  it('proves who we are with the secret that the gateway knows, and has a session of its own each time', async () => {
    const node = await extensionGateway({ secrets: ['old'] });
    const { pool } = await linkedByExtension([node], { secret: ['new', 'old'], name: 'worker 1' });
    await expect.poll(() => pool.members[0]?.isLinked).toBe(true);
    node.link.destroy();
    await node.until(() => node.peers.length === 2);
    expect(node.peers.map(({ role, name }) => [role, name])).toEqual([
      ['caller', 'worker 1'],
      ['caller', 'worker 1'],
    ]);
    const [first, second] = node.peers.map(({ session }) => session);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(second).not.toBe(first);
  });

  it('comes back with a new session after it was refused as fenced', async () => {
    const sessions: string[] = [];
    const node = await extensionGateway({
      admit: ({ session }) => {
        sessions.push(session);
        return sessions.length === 1 ? { code: 'fenced', text: 'given up' } : undefined;
      },
    });
    const { pool, log } = await linkedByExtension([node]);
    await node.until(() => node.peers.length === 1);
    await expect.poll(() => pool.members[0]?.isLinked).toBe(true);
    expect(new Set(sessions).size).toBe(2);
    expect(log.warnings('fenced')).toBe(1);
  });

  it('is given up when the gateway falls silent, and kept while it answers pings', async () => {
    const node = await extensionGateway();
    const { log } = await linkedByExtension([node], { gatewaySilenceTimeoutMs: 90 });
    await expect.poll(() => node.pings).toBeGreaterThan(6);
    expect(node.peers).toHaveLength(1);
    node.answersPings = false;
    await node.until(() => node.peers.length === 2);
    expect(log.warnings('has sent nothing for 90 ms')).toBe(1);
  });

  it('answers the pings of the gateway', async () => {
    const node = await extensionGateway();
    await linkedByExtension([node]);
    node.link.send((writer) => writer.u8(208));
    await node.until(() => node.names.includes('code 209'));
  });
});

describe('a link with events that ends', () => {
  it('is made anew only when nothing that began runs any more; meanwhile commands are dropped', async () => {
    const node = await extensionGateway();
    const { api, pool } = await linkedByExtension([node]);
    const sink = new KeptSink();
    const handlers = gate();
    sink.handlers = handlers.opened;
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    node.send(link, textEvent(1, 'a'));
    await sink.until(() => sink.taken.length === 1);
    const [taken] = sink.taken;
    link.destroy();
    await sink.until(() => sink.interruptions.length === 1);
    expect(sink.interruptions[0]).toBe(taken?.source);
    api.sendToClient(clientAt(node, 1), 'late');
    taken?.source.acknowledge(1);
    expect(await rejection(api.isOnline(clientAt(node, 1)))).toMatchObject({
      code: 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE',
    });
    // Far longer than the wait between two attempts.
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(node.peers).toHaveLength(1);
    expect(pool.counters.droppedCommands).toBe(1);
    handlers.open();
    const next = await node.untilTaken(2);
    node.send(next, textEvent(1, 'b'));
    await sink.until(() => sink.taken.length === 2);
    expect(sink.taken[1]?.sequence).toBe(1);
    expect(sink.taken[1]?.source).not.toBe(taken?.source);
    expect(node.peers[1]?.session).not.toBe(node.peers[0]?.session);
    expect([node.acknowledged, node.of('sendToClient'), sink.lost]).toEqual([[], [], []]);
  });

  it('is made anew also when the sink fails at it', async () => {
    const node = await extensionGateway();
    const { pool, log } = await linkedByExtension([node]);
    pool.subscribe(
      {
        event: () => undefined,
        interrupted: () => Promise.reject(new Error('as asked')),
      },
      TERMS,
    );
    (await node.untilTaken()).destroy();
    await node.untilTaken(2);
    expect(log.warnings('as asked')).toBe(1);
  });

  it('lets the pool close while its handlers run', async () => {
    const node = await extensionGateway();
    const { pool } = await linkedByExtension([node]);
    const sink = new KeptSink();
    sink.handlers = gate().opened;
    pool.subscribe(sink, TERMS);
    (await node.untilTaken()).destroy();
    await sink.until(() => sink.interruptions.length === 1);
    await pool.close();
    expect(node.peers).toHaveLength(1);
  });

  it('is told to whoever has unsubscribed, because what waits there must not begin either', async () => {
    const node = await extensionGateway();
    const { pool } = await linkedByExtension([node]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    pool.unsubscribe();
    await pool.eventsEnded();
    link.destroy();
    await sink.until(() => sink.interruptions.length === 1);
    await node.until(() => node.peers.length === 2);
    expect(node.of('takeEvents')).toHaveLength(1);
  });

  it('is nothing to another pool of the same process, whose link to the same gateway goes on', async () => {
    const node = await extensionGateway();
    const sinks = [new KeptSink(), new KeptSink()];
    for (const [index, sink] of sinks.entries()) {
      sink.onEvent = ({ source, sequence }) => source.acknowledge(sequence);
      const { pool } = await linkedByExtension([node]);
      pool.subscribe(sink, TERMS);
      await node.untilTaken(index + 1);
    }
    const [first, second] = node.of('takeEvents').map(({ link }) => link);
    node.send(first!, textEvent(1, 'a'));
    node.send(second!, textEvent(2, 'b'));
    await node.until(() => node.of('acknowledge').length === 2);
    expect(new Set(node.of('acknowledge').map(({ link }) => link))).toEqual(new Set([first, second]));
    first!.destroy();
    await node.untilTaken(3);
    node.send(second!, textEvent(2, 'c'));
    await node.until(() => node.of('acknowledge').length === 3);
    expect(sinks.map(({ texts }) => texts)).toEqual([['a'], ['b', 'c']]);
    expect(sinks.map(({ interruptions }) => interruptions.length)).toEqual([1, 0]);
    expect(new Set(node.peers.map(({ session }) => session)).size).toBe(3);
  });
});
