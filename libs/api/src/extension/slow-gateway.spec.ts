import { describe, expect, it } from 'vitest';
import { jsonSessionCodec } from '#protocol';
import { FlushTimeoutError, GatewayCongestedError } from '../errors.js';
import { GatewayApi } from '../gateway-api.js';
import { GatewayPool } from '../gateway-pool.js';
import { clientAt, extensionGateway, linkedByExtension } from '../test/extension-kit.js';
import { ListedByHand, rejection } from '../test/pool-kit.js';

const KiB = 1024;
const MiB = 1024 * KiB;

describe('a gateway that does not read', () => {
  it('costs no more memory than maxQueuedBytes: the rest is dropped whole, counted and told, and the link lasts', async () => {
    const [slow, other] = [await extensionGateway(), await extensionGateway()];
    const { api, pool } = await linkedByExtension([slow, other], {
      gatewaySilenceTimeoutMs: 0,
      link: { maxQueuedBytes: 4 * MiB, highWaterMarkBytes: 1 * MiB },
    });
    const news: string[] = [];
    let droppedHere = 0;
    api.on('congested', ({ port }) => news.push(`congested ${port}`));
    api.on('drained', ({ port }) => news.push(`drained ${port}`));
    api.on('dropped', (_gateway, commands, reason) => {
      expect(reason).toBeInstanceOf(GatewayCongestedError);
      droppedHere += commands;
    });
    slow.link.pause();
    const node = pool.node(slow.id);
    const message = 'x'.repeat(64 * KiB);
    const before = process.memoryUsage().arrayBuffers;
    let called = 0;
    let most = 0;
    // 128 MiB, far beyond what the sockets of both sides take.
    for (; called < 2_000; called++) {
      api.sendToClient(clientAt(slow, called), message);
      most = Math.max(most, node?.channel.queuedBytes ?? 0);
      if (called % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(most).toBeLessThanOrEqual(4 * MiB);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(24 * MiB);
    expect(droppedHere).toBeGreaterThan(1_000);
    expect(pool.counters.droppedCommands).toBe(droppedHere);
    // Somebody else's gateway does not feel it.
    api.sendToClient(clientAt(other, 1), 'quick');
    await other.until(() => other.of('sendToClient').length === 1);
    expect(
      await rejection(api.sendToAddressAndRecv(slow.address, Buffer.alloc(1 * MiB, 150))),
    ).toBeInstanceOf(GatewayCongestedError);

    slow.link.resume();
    await slow.until(() => slow.of('sendToClient').length === called - droppedHere);
    const lengths = slow
      .of('sendToClient')
      .map(({ request }) => (request as { message: Buffer }).message.length);
    expect(new Set(lengths)).toEqual(new Set([message.length]));
    expect(news).toEqual([`congested ${slow.address.port}`, `drained ${slow.address.port}`]);
    expect(slow.peers).toHaveLength(1);
    api.sendToClient(clientAt(slow, 1), 'again');
    await slow.until(() => slow.of('sendToClient').length === called - droppedHere + 1);
  });

  it('is sent what just fits, and nothing that is a byte too long, whatever else waits', async () => {
    const maxQueuedBytes = 10_000;
    const gateway = await extensionGateway();
    const { api, pool } = await linkedByExtension([gateway], { link: { maxQueuedBytes } });
    const channel = pool.node(gateway.id)!.channel;
    // Beside the message: header and code of the batch, length and code of the command, connection.
    const most = maxQueuedBytes - (8 + 1 + 4 + 1 + 4);
    let sent = 0;
    for (const before of [0, 500]) {
      for (let size = most - before - 40; size <= most - before + 40; size++) {
        if (before > 0) api.sendToClient(clientAt(gateway, 1), 'x'.repeat(before));
        const dropped = pool.counters.droppedCommands;
        api.sendToClient(clientAt(gateway, 1), 'x'.repeat(size));
        expect(channel.queuedBytes).toBeLessThanOrEqual(maxQueuedBytes);
        if (before === 0)
          expect(pool.counters.droppedCommands - dropped, `${size}`).toBe(Number(size > most));
        sent += Number(before > 0) + 1 - (pool.counters.droppedCommands - dropped);
        await gateway.until(() => gateway.of('sendToClient').length === sent);
      }
    }
  });

  it('lets flush() fail at its deadline, naming it and what waits, and resolve when it reads on', async () => {
    const node = await extensionGateway();
    const { api } = await linkedByExtension([node], { flushTimeoutMs: 50, gatewaySilenceTimeoutMs: 0 });
    node.link.pause();
    for (let i = 0; i < 20; i++) api.sendToAll('x'.repeat(1 * MiB));
    const error = await rejection(api.flush());
    expect(error).toBeInstanceOf(FlushTimeoutError);
    expect(error).toMatchObject({
      code: 'ERR_NESTWIRE_FLUSH_TIMEOUT',
      gateways: [node.address],
      timeoutMs: 50,
    });
    expect((error as FlushTimeoutError).queuedBytes).toBeGreaterThan(1 * MiB);
    node.link.resume();
    await node.until(() => node.of('sendToAll').length === 20);
    await api.flush();
  });

  it('takes what the system takes at once, even when the limit is small', async () => {
    const node = await extensionGateway();
    const { api, pool } = await linkedByExtension([node], { link: { maxQueuedBytes: 10_000 } });
    for (let i = 0; i < 20; i++) api.sendToClient(clientAt(node, i), 'x'.repeat(1_000));
    await node.until(() => node.of('sendToClient').length === 20);
    expect(pool.counters.droppedCommands).toBe(0);
  });

  it('does not keep the pool from closing', async () => {
    const node = await extensionGateway();
    const { api, pool } = await linkedByExtension([node], {
      flushTimeoutMs: 20,
      gatewaySilenceTimeoutMs: 0,
      link: { closeTimeoutMs: 60 },
    });
    node.link.pause();
    for (let i = 0; i < 20; i++) api.sendToAll('x'.repeat(1 * MiB));
    await pool.close();
    expect(pool.members).toEqual([]);
  });

  it('lets a membership that cannot be closed fail the close of the pool, and nothing else', async () => {
    class UnclosableMembership extends ListedByHand {
      override close(): Promise<void> {
        return Promise.reject(new Error('not today'));
      }
    }
    const node = await extensionGateway();
    const pool = new GatewayPool(new UnclosableMembership([node.entry]), {
      flushTimeoutMs: 20,
      gatewaySilenceTimeoutMs: 0,
      link: { closeTimeoutMs: 60 },
    });
    await pool.start();
    node.link.pause();
    const api = new GatewayApi(pool, jsonSessionCodec);
    for (let i = 0; i < 20; i++) api.sendToAll('x'.repeat(1 * MiB));
    const closed = pool.close();
    await expect(closed).rejects.toThrow('not today');
    expect(pool.members).toEqual([]);
  });
});
