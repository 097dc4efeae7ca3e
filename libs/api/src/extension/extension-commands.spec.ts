import { describe, expect, it } from 'vitest';
import { COMMANDS, InvalidArgumentError, type Codec } from '#protocol';
import { clientAt, extensionGateway, linkedByExtension, unstartedExtension } from '../test/extension-kit.js';
import { rejection } from '../test/pool-kit.js';

describe('commands over the extension', () => {
  it('go in call order, also those that were called while the link was being made', async () => {
    const node = await extensionGateway({ script: { isOnline: () => true } });
    const { api, pool } = unstartedExtension([node]);
    const started = pool.start();
    api.joinGroup(clientAt(node, 1), 'g');
    const online = api.isOnline(clientAt(node, 1));
    api.sendToAll('hello');
    await started;
    api.leaveGroup(clientAt(node, 1), 'g');
    expect(await online).toBe(true);
    await api.flush();
    await node.until(() => node.said.length === 4);
    expect(node.names).toEqual(['joinGroup', 'isOnline', 'sendToAll', 'leaveGroup']);
    expect(pool.counters.droppedCommands).toBe(0);
  });

  it('send to a uid in one command, for which nothing waits', async () => {
    const node = await extensionGateway({ script: { isOnline: () => true } });
    const { api } = await linkedByExtension([node]);
    const message = Buffer.from('to the uid');
    api.sendToUid('grüß', message, { exclude: [clientAt(node, 7)] });
    message.fill('x');
    api.sendToClient(clientAt(node, 1), 'after');
    await node.until(() => node.said.length === 2);
    expect(node.said.map(({ name, request }) => [name, request])).toEqual([
      [
        'sendToUid',
        {
          uid: Buffer.from('grüß').toString('latin1'),
          exclude: [7],
          message: Buffer.from('to the uid'),
        },
      ],
      ['sendToClient', { connectionId: 1, message: Buffer.from('after') }],
    ]);
  });

  it('are marked with the key that makes only the newest reach a slow client', async () => {
    const node = await extensionGateway();
    const { api } = await linkedByExtension([node]);
    const client = clientAt(node, 1);
    api.sendToClient(client, 'a', { key: 'score:ü' });
    api.sendToGroup('g', 'b', { key: 'score' });
    api.sendToAll('c', { key: '' });
    api.sendToUid('u', 'd', { key: 'k' });
    api.sendToAll('e');
    await node.until(() => node.said.length === 5);
    expect(node.said.map(({ name, marks }) => [name, marks])).toEqual([
      ['sendToClient', { coalescingKey: Buffer.from('score:ü').toString('latin1') }],
      ['sendToGroup', { coalescingKey: 'score' }],
      ['sendToAll', { coalescingKey: '' }],
      ['sendToUid', { coalescingKey: 'k' }],
      ['sendToAll', undefined],
    ]);
    expect(() => api.sendToAll('x', { key: 'k'.repeat(256) })).toThrow(InvalidArgumentError);
  });

  it('are judged when they are called, so that none that is wrong ends the link that it waited for', async () => {
    const node = await extensionGateway();
    const { api, pool } = unstartedExtension([node]);
    const started = pool.start();
    const short = Buffer.from([COMMANDS.setSession.code, 1, 2, 3]);
    expect(() => api.sendToAddress(node.address, short)).toThrow(InvalidArgumentError);
    const empty: Codec<void> = { write: () => undefined, read: () => undefined };
    api.sendToAddress(node.address, { code: COMMANDS.deleteSession.code, request: empty });
    api.sendToAll('hello');
    await started;
    await node.until(() => node.of('sendToAll').length === 1);
    expect([node.peers.length, node.names, pool.counters.droppedCommands]).toEqual([1, ['sendToAll'], 1]);
  });

  it('may not be what links say to each other', async () => {
    const node = await extensionGateway();
    const { api } = await linkedByExtension([node]);
    expect(() => api.sendToAddress(node.address, Buffer.from([204]))).toThrow(InvalidArgumentError);
    expect(await rejection(api.sendToAddressAndRecv(node.address, Buffer.from([207])))).toBeInstanceOf(
      InvalidArgumentError,
    );
  });

  it('are dropped and counted while the gateway is away, with news for whoever listens', async () => {
    const node = await extensionGateway();
    const { api, pool } = await linkedByExtension([node], {
      backoff: { minDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    const dropped: unknown[] = [];
    const stop = api.on('dropped', (...news) => void dropped.push(news));
    node.link.destroy();
    await expect.poll(() => pool.members[0]?.isLinked).toBe(false);
    api.sendToAll('x');
    api.sendToUid('u', 'x');
    stop();
    api.sendToAll('x');
    expect(dropped).toEqual([
      [node.address, 1, undefined],
      [node.address, 1, undefined],
    ]);
    expect(pool.counters.droppedCommands).toBe(3);
  });

  it('find a gateway by its address, and by the id of any of its clients', async () => {
    const [a, b] = [await extensionGateway(), await extensionGateway()];
    const { api, pool } = unstartedExtension([a, b]);
    // Before it is known who listens there.
    api.sendToAddress(a.address, Buffer.from([150, 1]));
    await pool.start();
    api.sendToAddress(clientAt(b, 9), Buffer.from([150, 2]));
    api.sendToAddress({ host: '127.0.0.1', port: 1 }, Buffer.from([150, 3]));
    await Promise.all([a.until(() => a.said.length === 1), b.until(() => b.said.length === 1)]);
    expect([a.said[0]?.request, b.said[0]?.request]).toEqual([Buffer.from([1]), Buffer.from([2])]);
    expect(pool.counters.droppedCommands).toBe(1);
  });
});
