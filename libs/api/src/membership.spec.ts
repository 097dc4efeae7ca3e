import { describe, expect, it } from 'vitest';
import { ApiClosedError, NoRegisterError } from './errors.js';
import {
  ListedByHand,
  clientOf,
  gateway,
  linkedTo,
  rejection,
  twoGateways,
  unstarted,
} from './test/pool-kit.js';

describe('following the list of gateways', () => {
  it('links to a gateway that appears', async () => {
    const [a, b] = await twoGateways({ getClientCount: () => 1 }, { getClientCount: () => 2 });
    const { api, membership } = await linkedTo([a]);
    expect(await api.getClientCount()).toBe(1);
    membership.list(a.address, b.address);
    expect(await api.getClientCount()).toBe(3);
    expect(api.gateways).toEqual([a.address, b.address]);
  });

  it('keeps a link that works when the list lacks its gateway', async () => {
    const node = await gateway({ isOnline: () => true, getClientCount: () => 4 });
    const { api, membership } = await linkedTo([node]);
    membership.list();
    expect(await api.isOnline(clientOf(node, 1))).toBe(true);
    expect(await api.getClientCount()).toBe(4);
    membership.list(node.address);
    expect(await api.isOnline(clientOf(node, 1))).toBe(true);
    expect(node.accepted).toBe(1);
  });

  it('forgets a gateway that is not listed once its link closes, and dials it no more', async () => {
    const node = await gateway({ isOnline: () => true });
    const { api, pool, membership, log } = await linkedTo([node]);
    membership.list();
    node.links[0]?.destroy();
    await expect.poll(() => pool.members.length).toBe(0);
    expect(await api.isOnline(clientOf(node, 1))).toBe(false);
    expect(api.gateways).toEqual([]);
    expect(log.lines).toContainEqual(expect.objectContaining({ text: expect.stringContaining('has left') }));
    // It comes back by the list alone.
    membership.list(node.address);
    expect(await api.isOnline(clientOf(node, 1))).toBe(true);
    expect(node.accepted).toBe(2);
  });

  it('redials the command link of a gateway that is not listed as long as its event link works', async () => {
    const node = await gateway({ isOnline: () => true });
    const { api, pool, membership } = await linkedTo([node]);
    pool.subscribe({ event: () => undefined }, { windowBytes: 0 });
    await node.until(() => node.of('registerWorker').length === 1);
    const eventLink = node.linkOf('registerWorker');
    membership.list();
    node.links.find((link) => link !== eventLink)?.destroy();
    await node.until(() => node.accepted === 3);
    expect(await api.isOnline(clientOf(node, 1))).toBe(true);
  });

  it('gives up a gateway at once that is unlisted while it cannot be reached', async () => {
    const node = await gateway();
    await node.stop();
    const { pool, membership } = await linkedTo([node]);
    membership.list();
    expect(pool.members).toEqual([]);
  });
});

describe('before the first list of gateways', () => {
  it('holds commands and questions in order, and runs them when it comes', async () => {
    const [a, b] = await twoGateways(
      { getClientCount: () => 1, isOnline: () => true },
      { getClientCount: () => 2 },
    );
    const { api, pool, membership } = unstarted(new ListedByHand());
    const started = pool.start();
    const message = Buffer.from('first');
    api.sendToAll(message, { exclude: [clientOf(b, 9)] });
    message.fill('x'); // the caller's buffer is the caller's again
    api.bindUid(clientOf(a, 1), 'u');
    const online = api.isOnline(clientOf(a, 1));
    const count = api.getClientCount();
    api.unGroup('g');
    membership.list(a.address, b.address);
    api.sendToClient(clientOf(a, 1), 'last');
    expect(await online).toBe(true);
    expect(await count).toBe(3);
    await started;
    await api.flush();
    await a.until(() => a.received.length === 6);
    expect(a.names).toEqual([
      'sendToAll',
      'bindUid',
      'isOnline',
      'getClientCount',
      'unGroup',
      'sendToClient',
    ]);
    expect(b.names).toEqual(['sendToAll', 'getClientCount', 'unGroup']);
    expect(a.received[0]?.request).toEqual({ exclude: [], message: Buffer.from('first') });
    expect(b.received[0]?.request).toEqual({ exclude: [9], message: Buffer.from('first') });
  });

  it('rejects questions and flush after the deadline, saying that no register has answered', async () => {
    const { api, pool } = unstarted(new ListedByHand(), { questionTimeoutMs: 30, startTimeoutMs: 0 });
    await pool.start();
    api.sendToAll('hello');
    const errors = await Promise.all([rejection(api.getClientCount()), rejection(api.flush())]);
    for (const error of errors) {
      expect(error).toBeInstanceOf(NoRegisterError);
      expect(error).toMatchObject({ code: 'ERR_NESTWIRE_NO_REGISTER', timeoutMs: 30 });
    }
  });

  it('asks nothing any more that was given up before the list came, and still sends the commands', async () => {
    const node = await gateway({ getClientCount: () => 1 });
    const { api, pool, membership } = unstarted(new ListedByHand(), {
      questionTimeoutMs: 30,
      startTimeoutMs: 0,
    });
    await pool.start();
    const given = rejection(api.getClientCount());
    api.sendToAll('hello');
    expect(await given).toBeInstanceOf(NoRegisterError);
    membership.list(node.address);
    await node.until(() => node.received.length === 1);
    expect(node.names).toEqual(['sendToAll']);
  });

  it('holds no more than maxHeldBytes', async () => {
    const node = await gateway();
    const { api, pool, membership } = unstarted(new ListedByHand(), { maxHeldBytes: 5_000 });
    for (let i = 0; i < 10; i++) api.sendToClient(clientOf(node, i), 'x'.repeat(1_000));
    await expect(api.sendToAddressAndRecv(node.address, Buffer.alloc(1_000, 100))).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_HELD_CALLS_OVERFLOW',
      limitBytes: 5_000,
    });
    expect(pool.counters.droppedCommands).toBe(6);
    const started = pool.start();
    membership.list(node.address);
    await started;
    await node.until(() => node.received.length === 4);
  });

  it('starts without a list after startTimeoutMs, with a warning', async () => {
    const { pool, log } = unstarted(new ListedByHand(), { startTimeoutMs: 20 });
    await pool.start();
    expect(pool.isReady).toBe(false);
    expect(log.warnings('no register has answered')).toBe(1);
  });

  it('says at such a start that a register has answered, and has refused this node', async () => {
    const membership = new ListedByHand();
    const refusedBy = [{ host: '127.0.0.1', port: 9327 }];
    const { pool, log } = unstarted(Object.assign(membership, { refusedBy }), { startTimeoutMs: 20 });
    await pool.start();
    expect(log.lines).toEqual([
      {
        level: 'warn',
        text:
          'Started without a list of gateways: 127.0.0.1:9327 refused this node, for the reason that was logged, and no other ' +
          'register has given one in 20 ms. Calls wait for it',
        facts: { registers: ['127.0.0.1:9327'] },
      },
    ]);
  });

  it('starts when every listed gateway was tried, also where one cannot be reached', async () => {
    const [up, down] = await twoGateways({}, {});
    await down.stop();
    const { api, pool, membership } = unstarted(new ListedByHand(), { startTimeoutMs: 10_000 });
    const started = pool.start();
    membership.list(up.address, down.address);
    await started;
    expect(up.accepted).toBe(1);
    expect(api.gateways).toHaveLength(2);
  });
});

describe('closing the pool', () => {
  it('sends what was called before, also a message to a uid', async () => {
    const node = await gateway({ getClientListByUid: () => [7] });
    const { api, pool } = await linkedTo([node]);
    api.sendToUid('u', 'bye');
    api.sendToAll('bye all');
    await pool.close();
    expect(node.names).toEqual(['getClientListByUid', 'sendToClient', 'sendToAll']);
    await node.until(() => node.links.length === 0);
  });

  it('drops later commands, rejects later and pending questions, and may be called twice', async () => {
    const node = await gateway();
    const { api, pool } = await linkedTo([node], { questionTimeoutMs: 60_000 });
    const pending = rejection(api.isOnline(clientOf(node, 1)));
    await Promise.all([pool.close(), pool.close()]);
    expect(await pending).toBeInstanceOf(ApiClosedError);
    expect(await rejection(api.isOnline(clientOf(node, 1)))).toMatchObject({
      code: 'ERR_NESTWIRE_API_CLOSED',
    });
    api.sendToAll('nobody');
    api.sendToClient(clientOf(node, 1), 'nobody');
    expect(pool.counters.droppedCommands).toBe(2);
  });

  it('rejects what waits for the first list', async () => {
    const { api, pool } = unstarted(new ListedByHand(), { startTimeoutMs: 60_000 });
    const started = pool.start();
    const waiting = rejection(api.getClientCount());
    await pool.close();
    expect(await waiting).toBeInstanceOf(ApiClosedError);
    await started;
  });
});
