import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { defineQuestion, jsonCodec } from '#protocol';
import { GatewayLostError, QuestionFailedError, QuestionTimeoutError } from '../errors.js';
import { clientAt, extensionGateway, linkedByExtension } from '../test/extension-kit.js';
import { ListedByHand, all, rejection, unstarted } from '../test/pool-kit.js';
import { SILENCE } from '../test/scripted-gateway.js';

const double = defineQuestion({
  code: 150,
  request: jsonCodec(Number),
  reply: jsonCodec((value) => {
    if (typeof value !== 'number') throw new TypeError('no number');
    return value;
  }),
});

describe('questions over the extension', () => {
  it('give each of many callers its own answer, in whatever order the replies come', async () => {
    const asked: { id: number; group: string }[] = [];
    const node = await extensionGateway({
      script: {
        getClientCountByGroup: ({ group }, id) => {
          asked.push({ id, group });
          return SILENCE;
        },
      },
    });
    const { api } = await linkedByExtension([node]);
    const counts = Array.from({ length: 200 }, (_, i) => api.getClientCountByGroup(String(i)));
    await node.until(() => asked.length === 200);
    for (const { id, group } of asked.toReversed()) {
      node.reply(node.link, id, 'getClientCountByGroup', Number(group));
    }
    expect(await Promise.all(counts)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(200);
    expect(node.peers).toHaveLength(1);
  });

  it('are not held up by one that is answered late, whose reply is dropped, counted, and costs no link', async () => {
    let late = 0;
    const node = await extensionGateway({
      script: {
        isOnline: ({ connectionId }, id) => {
          if (connectionId !== 1) return true;
          late = id;
          return SILENCE;
        },
      },
    });
    const { api, pool } = await linkedByExtension([node], { questionTimeoutMs: 40, overdueReplyMs: 10 });
    const slow = rejection(api.isOnline(clientAt(node, 1)));
    expect(await api.isOnline(clientAt(node, 2))).toBe(true);
    expect(await slow).toBeInstanceOf(QuestionTimeoutError);
    node.reply(node.link, late, 'isOnline', false);
    expect(await api.isOnline(clientAt(node, 3))).toBe(true);
    expect(pool.counters.lateReplies).toBe(1);
    expect(node.peers).toHaveLength(1);
  });

  it.each([
    ['unknown-command', 'ERR_NESTWIRE_UNKNOWN_COMMAND'],
    ['bad-argument', 'ERR_NESTWIRE_BAD_ARGUMENT'],
    ['too-large', 'ERR_NESTWIRE_REPLY_TOO_LARGE'],
    ['failed', 'ERR_NESTWIRE_COMMAND_FAILED'],
    ['toString', 'ERR_NESTWIRE_COMMAND_FAILED'],
  ])('reject with a code of their own when the gateway says %s', async (failure, code) => {
    const node = await extensionGateway({
      script: {
        isOnline: (_request, id, link) => {
          node.fail(link, id, { code: failure, text: 'because' });
          return SILENCE;
        },
        getClientCount: () => 3,
      },
    });
    const { api } = await linkedByExtension([node]);
    const error = await rejection(api.isOnline(clientAt(node, 1)));
    expect(error).toBeInstanceOf(QuestionFailedError);
    expect(error).toMatchObject({ code, failure, question: 'isOnline', gateway: node.address });
    expect(String(error)).toContain('because');
    expect(await api.getClientCount()).toBe(3);
    expect(node.peers).toHaveLength(1);
  });

  it('reject alone when the reply does not decode: the link and the others go on', async () => {
    const node = await extensionGateway({ script: { isOnline: () => true } });
    const { api } = await linkedByExtension([node]);
    const asked = rejection(api.sendToAddressAndRecv(node.address, double, 2));
    const other = api.sendToAddressAndRecv(clientAt(node, 1), double, 4);
    await node.until(() => node.of('code 150').length === 2);
    const [first, second] = node.of('code 150');
    // A failed count cannot hold a number: what comes is JSON of another kind.
    node.link.send((writer) => {
      writer.u8(203);
      writer.u32(first?.id ?? 0);
      writer.u8(0);
      writer.payload('"text"');
    });
    node.link.send((writer) => {
      writer.u8(203);
      writer.u32(second?.id ?? 0);
      writer.u8(0);
      writer.payload('8');
    });
    expect(await asked).toMatchObject({ code: 'ERR_NESTWIRE_MALFORMED' });
    expect(await other).toBe(8);
    expect(node.peers).toHaveLength(1);
  });

  it('settle at their deadline at the latest, whatever dies meanwhile: the link, the dial, the process that asked', async () => {
    const unhandled: unknown[] = [];
    const keep = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', keep);
    const node = await extensionGateway({ script: { isOnline: () => SILENCE } });
    const { api, pool } = await linkedByExtension([node], { questionTimeoutMs: 60_000 });
    const out = rejection(api.isOnline(clientAt(node, 1)));
    await node.until(() => node.of('isOnline').length === 1);
    node.link.destroy();
    expect(await out).toBeInstanceOf(GatewayLostError);
    // Held: the second link is being made.
    await expect.poll(() => pool.members[0]?.isLinked).toBe(false);
    const whileDown = rejection(api.isOnline(clientAt(node, 1)));
    await node.until(() => node.peers.length === 2);
    await expect.poll(() => pool.members[0]?.isLinked).toBe(true);
    const again = rejection(api.isOnline(clientAt(node, 1)));
    const flushed = api.flush();
    const closed = pool.close();
    expect(await again).toMatchObject({ code: 'ERR_NESTWIRE_API_CLOSED' });
    expect(await whileDown).toMatchObject({ code: expect.stringContaining('ERR_NESTWIRE_') });
    await Promise.all([closed, flushed]);
    expect(await rejection(api.isOnline(clientAt(node, 1)))).toMatchObject({
      code: 'ERR_NESTWIRE_API_CLOSED',
    });
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', keep);
    expect(unhandled).toEqual([]);
  });

  it('settle when the pool is closed while their link is being made, or fails to be', async () => {
    const unhandled: unknown[] = [];
    const keep = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', keep);
    // Takes connections, and says nothing on them.
    const mute = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const entry = { id: 'f00000000001', address: { host: '127.0.0.1', port }, zone: '', features: 0 };
    const options = { protocol: 'nestwire', questionTimeoutMs: 60_000 } as const;
    const client = `${entry.id}00000001`;

    const closed = unstarted(new ListedByHand([entry]), { ...options, link: { closeTimeoutMs: 30 } });
    void closed.pool.start();
    const whileConnecting = rejection(closed.api.isOnline(client));
    const flushed = closed.api.flush();
    await closed.pool.close();
    expect(await whileConnecting).toMatchObject({ code: 'ERR_NESTWIRE_API_CLOSED' });
    await flushed;

    const failing = unstarted(new ListedByHand([entry]), { ...options, link: { handshakeTimeoutMs: 40 } });
    void failing.pool.start();
    expect(await rejection(failing.api.isOnline(client))).toMatchObject({
      code: 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE',
      cause: { code: 'ERR_NESTWIRE_HANDSHAKE_TIMEOUT' },
    });
    await failing.pool.close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', keep);
    mute.close();
    expect(unhandled).toEqual([]);
  });

  it('list clients with ids of the gateway that told its id in the handshake', async () => {
    const node = await extensionGateway({
      script: { getClientList: ({ after }) => (after === 0 ? [1, 2] : []) },
    });
    const { api } = await linkedByExtension([node]);
    expect(await all(api.getClientList())).toEqual([clientAt(node, 1), clientAt(node, 2)]);
  });
});
