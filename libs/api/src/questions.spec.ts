import { describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol';
import { GatewayLostError, QuestionTimeoutError } from './errors.js';
import { clientOf, gateway, linkedTo, rejection } from './test/pool-kit.js';
import { SILENCE } from './test/scripted-gateway.js';

describe('questions on one link', () => {
  it('gives each of many pipelined callers its own answer', async () => {
    const node = await gateway({ getClientCountByGroup: ({ group }) => Number(group) });
    const { api } = await linkedTo([node]);
    const asked = Array.from({ length: 500 }, (_, i) => i);
    const counts = await Promise.all(asked.map((i) => api.getClientCountByGroup(String(i))));
    expect(counts).toEqual(asked);
    expect(node.accepted).toBe(1);
  });

  it('rejects at the deadline, and the late answer reaches nobody else', async () => {
    const node = await gateway({
      isOnline: ({ connectionId }) => (connectionId === 1 ? SILENCE : connectionId === 3),
    });
    const { api, pool } = await linkedTo([node], { questionTimeoutMs: 50 });
    const error = await rejection(api.isOnline(clientOf(node, 1)));
    expect(error).toBeInstanceOf(QuestionTimeoutError);
    expect(error).toMatchObject({
      code: 'ERR_NESTWIRE_QUESTION_TIMEOUT',
      gateway: node.address,
      question: 'isOnline',
      timeoutMs: 50,
    });
    node.reply(node.linkOf('isOnline'), 'isOnline', true);
    // Without its place in the queue, the late `true` would be the answer to this one.
    expect(await api.isOnline(clientOf(node, 2))).toBe(false);
    expect(await api.isOnline(clientOf(node, 3))).toBe(true);
    expect(pool.counters.lateReplies).toBe(1);
    expect(node.accepted).toBe(1);
  });

  it('dials anew when a reply is overdue, and answers come again', async () => {
    let silent = true;
    const node = await gateway({ isOnline: () => (silent ? SILENCE : true) });
    const { api, log } = await linkedTo([node], { questionTimeoutMs: 20, overdueReplyMs: 40 });
    await expect(api.isOnline(clientOf(node, 1))).rejects.toBeInstanceOf(QuestionTimeoutError);
    silent = false;
    await node.until(() => node.accepted === 2);
    await expect(api.isOnline(clientOf(node, 1))).resolves.toBe(true);
    expect(log.warnings('is overdue by 40 ms')).toBe(1);
  });

  it('waits as long as the link lasts when the deadline is 0', async () => {
    const node = await gateway({ isOnline: () => SILENCE });
    const { api } = await linkedTo([node], { questionTimeoutMs: 0 });
    const asked = rejection(api.isOnline(clientOf(node, 1)));
    await node.until(() => node.of('isOnline').length === 1);
    node.links[0]?.destroy();
    expect(await asked).toBeInstanceOf(GatewayLostError);
  });

  it('rejects everything pending at once when the link closes, naming the gateway', async () => {
    const node = await gateway({ isOnline: () => SILENCE, getClientCount: () => SILENCE });
    const { api } = await linkedTo([node], { questionTimeoutMs: 60_000 });
    const asked = [rejection(api.isOnline(clientOf(node, 1))), rejection(api.isOnline(clientOf(node, 2)))];
    await node.until(() => node.of('isOnline').length === 2);
    node.links[0]?.destroy();
    for (const error of await Promise.all(asked)) {
      expect(error).toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_LOST', gateway: node.address });
    }
  });

  it('ends the link at a reply that does not decode, and blames it in the error', async () => {
    const node = await gateway({
      isOnline: (_request, link) => {
        link.send((writer) => writer.u32(7));
        return SILENCE;
      },
    });
    const { api } = await linkedTo([node]);
    const first = rejection(api.isOnline(clientOf(node, 1)));
    const second = rejection(api.isOnline(clientOf(node, 2)));
    const error = await first;
    expect(error).toBeInstanceOf(GatewayLostError);
    expect((error as GatewayLostError).cause).toBeInstanceOf(ProtocolError);
    expect(await second).toBeInstanceOf(GatewayLostError);
    await node.until(() => node.accepted === 2);
  });

  it('ends the link at a reply that nobody asked for', async () => {
    const node = await gateway({ isOnline: () => true });
    const { api } = await linkedTo([node]);
    await node.until(() => node.accepted === 1);
    node.links[0]?.send((writer) => writer.u8(1));
    await node.until(() => node.accepted === 2);
    expect(await api.isOnline(clientOf(node, 1))).toBe(true);
  });

  it('keeps the link when only the content of a session is no session', async () => {
    const node = await gateway({ getSession: () => Buffer.from('a:0:{}'), isOnline: () => true });
    const { api } = await linkedTo([node]);
    await expect(api.getSession(clientOf(node, 1))).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_SERIALIZATION',
    });
    expect(await api.isOnline(clientOf(node, 1))).toBe(true);
    expect(node.accepted).toBe(1);
  });
});
