import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { GatewayEntry } from '#protocol';
import {
  KeptSink,
  TERMS,
  clientAt,
  extensionGateway,
  gate,
  linkedByExtension,
  unstartedExtension,
} from '../test/extension-kit.js';
import { ListedByHand, rejection, unstarted } from '../test/pool-kit.js';

describe('a gateway', () => {
  it('is lost when another one answers at its address, once, while it is dialled as long as it is listed', async () => {
    const first = await extensionGateway();
    const { pool, membership, log } = await linkedByExtension([first]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    await first.untilTaken();
    await first.stop();
    const second = await extensionGateway({ port: first.address.port });
    await sink.until(() => sink.lost.length === 1);
    await second.until(() => second.peers.length >= 2);
    expect(sink.lost).toEqual([first.id]);
    expect(second.of('takeEvents')).toEqual([]);
    expect(log.warnings(`and not ${first.id}`)).toBe(1);
    membership.list(second.entry);
    await second.untilTaken();
    expect(pool.members.map(({ key }) => key)).toEqual([second.id]);
    expect(sink.lost).toEqual([first.id]);
  });

  it('is lost when it is listed no more and its link breaks, after the handlers of its events', async () => {
    const node = await extensionGateway();
    const { pool, membership } = await linkedByExtension([node]);
    const sink = new KeptSink();
    const handlers = gate();
    sink.handlers = handlers.opened;
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    membership.list();
    expect(sink.lost).toEqual([]);
    link.destroy();
    await sink.until(() => sink.interruptions.length === 1);
    await expect.poll(() => pool.members.length).toBe(0);
    expect(sink.lost).toEqual([]);
    handlers.open();
    await sink.until(() => sink.lost.length === 1);
  });

  it('is lost again only when it was linked again, because just the way to it had been cut', async () => {
    const node = await extensionGateway();
    const { pool, membership } = await linkedByExtension([node]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    membership.list();
    link.destroy();
    await sink.until(() => sink.lost.length === 1);
    membership.list(node.entry);
    const next = await node.untilTaken(2);
    membership.list();
    next.destroy();
    await sink.until(() => sink.lost.length === 2);
    await node.stop();
    membership.list(node.entry);
    await expect.poll(() => pool.members.length).toBe(1);
    membership.list();
    await expect.poll(() => pool.members.length).toBe(0);
    expect(sink.lost).toEqual([node.id, node.id]);
  });

  it('is lost when it could not be linked for gatewayLostAfterMs, and not before', async () => {
    const node = await extensionGateway();
    const { pool } = await linkedByExtension([node], { gatewayLostAfterMs: 80 });
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    await node.untilTaken();
    const begin = performance.now();
    await node.stop();
    await sink.until(() => sink.lost.length === 1);
    expect(performance.now() - begin).toBeGreaterThan(75);
    expect(sink.lost).toEqual([node.id]);
    expect(pool.members).toHaveLength(1);
  });

  it('is not lost when it comes back in time, nor when it has left in order', async () => {
    const node = await extensionGateway();
    const { pool, membership, log } = await linkedByExtension([node], { gatewayLostAfterMs: 200 });
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    (await node.untilTaken()).destroy();
    const link = await node.untilTaken(2);
    node.left(link);
    link.close();
    await sink.until(() => sink.interruptions.length === 2);
    expect(log.lines.some(({ text }) => text.endsWith('has stopped'))).toBe(true);
    await node.stop();
    await new Promise((resolve) => setTimeout(resolve, 250));
    membership.list();
    await expect.poll(() => pool.members.length).toBe(0);
    expect(sink.lost).toEqual([]);
  });

  it('that hangs after its Left, and does not close its side, is lost all the same', async () => {
    let isHung = false;
    const node = await extensionGateway({
      admit: () => (isHung ? { code: 'busy', text: 'hangs' } : undefined),
    });
    const { pool } = await linkedByExtension([node], { gatewayLostAfterMs: 50, gatewaySilenceTimeoutMs: 60 });
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const link = await node.untilTaken();
    isHung = true;
    node.answersPings = false;
    node.left(link);
    await sink.until(() => sink.lost.length === 1);
    expect(sink.lost).toEqual([node.id]);
  });

  it('of which only the address is listed has the id that it tells; calls wait for that', async () => {
    const node = await extensionGateway({ script: { isOnline: () => true } });
    const kit = unstarted(new ListedByHand([node.address]), { protocol: 'nestwire' });
    const started = kit.pool.start();
    kit.api.sendToClient(clientAt(node, 1), 'early');
    expect(await kit.api.isOnline(clientAt(node, 1))).toBe(true);
    await started;
    expect(node.names).toEqual(['sendToClient', 'isOnline']);
    expect(kit.pool.members.map(({ key }) => key)).toEqual([node.id]);

    const sink = new KeptSink();
    kit.pool.subscribe(sink, TERMS);
    await node.untilTaken();
    await node.stop();
    const next = await extensionGateway({ port: node.address.port, script: { isOnline: () => true } });
    await next.untilTaken();
    expect(sink.lost).toEqual([node.id]);
    expect(kit.pool.node(node.id)).toBeUndefined();
    expect(await kit.api.isOnline(clientAt(next, 1))).toBe(true);
  });

  it('that does not tell its id in time lets calls fail at their deadline', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { api, pool } = unstarted(new ListedByHand([{ host: '127.0.0.1', port }]), {
      protocol: 'nestwire',
      questionTimeoutMs: 30,
      link: { handshakeTimeoutMs: 100, closeTimeoutMs: 50 },
    });
    const started = pool.start();
    expect(await rejection(api.isOnline('f00000000001'.padEnd(20, '0')))).toMatchObject({
      code: 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE',
      gateway: { port },
    });
    await started;
    expect(pool.isReady).toBe(true);
    await pool.close();
    silent.close();
  });

  it('is asked for events when calls can go, so that a handler sees its own writes and none of its commands waits here', async () => {
    const node = await extensionGateway();
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const { api, pool } = unstarted(new ListedByHand([node.address, { host: '127.0.0.1', port }]), {
      protocol: 'nestwire',
      link: { handshakeTimeoutMs: 150, closeTimeoutMs: 50 },
    });
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    const started = pool.start();
    await node.until(() => node.peers.length === 1);
    api.setSession(clientAt(node, 1), { early: true });
    expect(pool.isReady).toBe(false);
    await node.untilTaken();
    expect(pool.isReady).toBe(true);
    expect(node.names).toEqual(['setSession', 'takeEvents']);
    await started;
    await pool.close();
    silent.close();
  });

  it('is linked once when two addresses lead to it', async () => {
    const node = await extensionGateway();
    const { pool, log } = unstarted(
      new ListedByHand([node.address, { host: 'localhost', port: node.address.port }]),
      { protocol: 'nestwire' },
    );
    await pool.start();
    await expect.poll(() => log.warnings('are the same gateway')).toBe(1);
    expect(pool.members.filter(({ isLinked }) => isLinked)).toHaveLength(1);
  });

  it('that cannot be reached rejects what waited for its link, with a reason', async () => {
    const node = await extensionGateway();
    await node.stop();
    const { api, pool } = unstartedExtension([node], {
      backoff: { minDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    const started = pool.start();
    api.sendToAll('lost');
    const asked = rejection(api.isOnline(clientAt(node, 1)));
    const flushed = api.flush();
    await started;
    expect(await asked).toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE', gateway: node.address });
    await flushed;
    expect(pool.counters.droppedCommands).toBe(1);
  });

  it('that appears is usable at once, and stalls nobody', async () => {
    const [a, b] = [await extensionGateway(), await extensionGateway()];
    const { api, pool, membership } = await linkedByExtension([a]);
    const sink = new KeptSink();
    pool.subscribe(sink, TERMS);
    await a.untilTaken();
    const unreachable: GatewayEntry = {
      ...a.entry,
      id: 'f00000000001',
      address: { host: '127.0.0.1', port: 1 },
    };
    membership.list(a.entry, b.entry, unreachable);
    api.sendToClient(clientAt(b, 1), 'hello');
    await b.until(() => b.of('sendToClient').length === 1);
    await b.untilTaken();
    expect(a.peers).toHaveLength(1);
  });
});
