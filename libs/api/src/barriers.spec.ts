import { describe, expect, it } from 'vitest';
import { clientOf, gateway, linkedTo, rejection, twoGateways } from './test/pool-kit.js';
import { SILENCE } from './test/scripted-gateway.js';

describe('sendToUid', () => {
  it('asks every gateway, then sends to each client that has the uid', async () => {
    const [a, b] = await twoGateways({ getClientListByUid: () => [2, 3] }, { getClientListByUid: () => [9] });
    const { api } = await linkedTo([a, b]);
    api.sendToUid('u', 'hello', { exclude: [clientOf(a, 3), clientOf(b, 2)] });
    await api.flush();
    await Promise.all([a.until(() => a.received.length === 2), b.until(() => b.received.length === 2)]);
    expect(a.received.map(({ request }) => request)).toEqual([
      { uid: 'u' },
      { connectionId: 2, message: Buffer.from('hello') },
    ]);
    expect(b.of('sendToClient').map(({ request }) => request)).toEqual([
      { connectionId: 9, message: Buffer.from('hello') },
    ]);
  });

  it('keeps the order of later calls to the same gateway, and holds back no other gateway', async () => {
    const [slow, other] = await twoGateways(
      { getClientListByUid: () => SILENCE, isOnline: () => true, getClientCount: () => 1 },
      { getClientListByUid: () => [], isOnline: () => true, getClientCount: () => 1 },
    );
    const { api } = await linkedTo([slow, other], { questionTimeoutMs: 60_000 });
    const message = Buffer.from('to the uid');
    api.sendToUid('u', message);
    message.fill('x');
    api.sendToClient(clientOf(slow, 5), 'after');
    const held = api.isOnline(clientOf(slow, 5));
    api.bindUid(clientOf(slow, 5), 'v');
    expect(await api.isOnline(clientOf(other, 1))).toBe(true);
    expect(slow.names).toEqual(['getClientListByUid']);

    slow.reply(slow.linkOf('getClientListByUid'), 'getClientListByUid', [4, 5]);
    expect(await held).toBe(true);
    await slow.until(() => slow.received.length === 6);
    expect(slow.received.slice(1).map(({ name, request }) => [name, request])).toEqual([
      ['sendToClient', { connectionId: 4, message: Buffer.from('to the uid') }],
      ['sendToClient', { connectionId: 5, message: Buffer.from('to the uid') }],
      ['sendToClient', { connectionId: 5, message: Buffer.from('after') }],
      ['isOnline', { connectionId: 5 }],
      ['bindUid', { connectionId: 5, uid: 'v' }],
    ]);
  });

  it('has the lookups of several sends in a row on the line together, and their messages in order', async () => {
    const node = await gateway({ getClientListByUid: () => SILENCE });
    const { api } = await linkedTo([node]);
    api.sendToUid('a', '1');
    api.sendToUid('b', '2');
    api.sendToAll('3');
    api.sendToUid('c', '4');
    api.sendToUid('d', '5');
    await node.until(() => node.received.length === 2);
    expect(node.of('getClientListByUid').map(({ request }) => request)).toEqual([{ uid: 'a' }, { uid: 'b' }]);
    const link = node.linkOf('getClientListByUid');
    node.reply(link, 'getClientListByUid', [1]);
    node.reply(link, 'getClientListByUid', [1]);
    // Those that had to wait go together, too, as soon as it is their turn.
    await node.until(() => node.of('getClientListByUid').length === 4);
    node.reply(link, 'getClientListByUid', [1]);
    node.reply(link, 'getClientListByUid', [1]);
    await node.until(() => node.of('sendToClient').length === 4);
    const messages = node.received.flatMap(({ request }) =>
      typeof request === 'object' && request !== null && 'message' in request
        ? [String(request.message)]
        : [],
    );
    expect(messages).toEqual(['1', '2', '3', '4', '5']);
  });

  it('opens the barrier at the deadline, counts the failed send, and drops the late answer', async () => {
    let silent = true;
    const node = await gateway({
      getClientListByUid: () => (silent ? SILENCE : [1]),
      isOnline: () => false,
    });
    const { api, pool, log } = await linkedTo([node], { questionTimeoutMs: 40 });
    api.sendToUid('u', 'lost');
    api.sendToAll('goes on');
    await node.until(() => node.of('sendToAll').length === 1);
    expect(pool.counters.failedUidSends).toBe(1);
    expect(log.warnings('A message to a uid did not reach')).toBe(1);
    silent = false;
    node.reply(node.linkOf('getClientListByUid'), 'getClientListByUid', [8]);
    expect(await api.isOnline(clientOf(node, 1))).toBe(false);
    expect(node.of('sendToClient')).toEqual([]);
    expect(pool.counters.lateReplies).toBe(1);
  });

  it('does not add the waiting times of held questions and sends up', async () => {
    const node = await gateway({ getClientListByUid: () => SILENCE });
    const { api, pool } = await linkedTo([node], { questionTimeoutMs: 100, overdueReplyMs: 60_000 });
    const begin = performance.now();
    for (let i = 0; i < 5; i++) {
      api.sendToUid(`u${i}`, 'x');
      api.sendToAll('between');
    }
    const error = await rejection(api.isOnline(clientOf(node, 1)));
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_QUESTION_TIMEOUT' });
    expect(performance.now() - begin).toBeLessThan(400);
    await api.flush();
    expect(pool.counters.failedUidSends).toBe(5);
    await node.until(() => node.of('sendToAll').length === 5);
  });

  it('drops what waits when the link closes under it', async () => {
    const node = await gateway({ getClientListByUid: () => SILENCE });
    const { api, pool } = await linkedTo([node], {
      questionTimeoutMs: 60_000,
      backoff: { minDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    // Thousands: opening one barrier after another must not pile up on the stack.
    for (let i = 0; i < 5_000; i++) {
      api.sendToUid('u', 'x');
      api.sendToAll('x');
    }
    const held = rejection(api.isOnline(clientOf(node, 1)));
    await node.until(() => node.received.length === 1);
    node.links[0]?.destroy();
    expect(await held).toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE', gateway: node.address });
    expect(pool.counters).toMatchObject({ droppedCommands: 5_000, failedUidSends: 5_000 });
  });

  it('holds no more than maxHeldBytes behind it', async () => {
    const node = await gateway({ getClientListByUid: () => SILENCE });
    const { api, pool } = await linkedTo([node], { questionTimeoutMs: 60_000, maxHeldBytes: 5_000 });
    api.sendToUid('u', 'x');
    for (let i = 0; i < 10; i++) api.sendToClient(clientOf(node, i), 'x'.repeat(1_000));
    api.sendToUid('u', 'x'.repeat(1_000));
    await expect(api.sendToAddressAndRecv(node.address, Buffer.alloc(1_000, 100))).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_HELD_CALLS_OVERFLOW',
    });
    expect(pool.counters).toMatchObject({ droppedCommands: 6, failedUidSends: 1 });
  });

  it('is done when flush resolves', async () => {
    const node = await gateway({ getClientListByUid: () => SILENCE });
    const { api } = await linkedTo([node], { questionTimeoutMs: 60_000 });
    api.sendToUid('u', 'x');
    let isFlushed = false;
    const flushed = api.flush().then(() => (isFlushed = true));
    await node.until(() => node.received.length === 1);
    expect(isFlushed).toBe(false);
    node.reply(node.linkOf('getClientListByUid'), 'getClientListByUid', [1]);
    await flushed;
    await node.until(() => node.of('sendToClient').length === 1);
  });
});

describe('flush', () => {
  it('waits until a gateway that reads slowly has made room for everything', async () => {
    const node = await gateway({ getClientCount: () => 1 });
    const { api } = await linkedTo([node]);
    await api.getClientCount();
    const [link] = node.links;
    link?.pause();
    const message = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 20; i++) api.sendToAll(message);
    let isFlushed = false;
    const flushed = api.flush().then(() => (isFlushed = true));
    await new Promise<void>((resolve) => void setTimeout(resolve, 50));
    expect(isFlushed).toBe(false);
    link?.resume();
    await flushed;
    await node.until(() => node.of('sendToAll').length === 20);
  });
});
