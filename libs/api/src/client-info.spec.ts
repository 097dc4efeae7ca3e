import { describe, expect, it } from 'vitest';
import {
  ClientField,
  InvalidArgumentError,
  byteStringFromText,
  jsonSessionCodec,
  phpSessionCodec,
  type ClientDetails,
} from '#protocol';
import { clientOf, gateway, linkedTo } from './test/pool-kit.js';

const DETAILS = {
  uid: byteStringFromText('用户'),
  session: Buffer.from('{"name":"bob"}'),
  groups: [byteStringFromText('g'), byteStringFromText('房间')],
  remoteIp: '10.0.0.5',
  remotePort: 4711,
  system: Buffer.from('{"fd":5}'),
};

/** A gateway that knows connection 1. */
async function knowing(client: ClientDetails) {
  return gateway({
    getClientInfo: ({ connectionId, fields }) => ({
      fields,
      client: connectionId === 1 ? client : undefined,
    }),
  });
}

describe('getClientInfo', () => {
  it('tells all but system unless fields are chosen', async () => {
    const node = await knowing(DETAILS);
    const { api } = await linkedTo([node]);
    expect(await api.getClientInfo(clientOf(node, 1))).toEqual({
      uid: '用户',
      session: { name: 'bob' },
      groups: ['g', '房间'],
      remoteIp: '10.0.0.5',
      remotePort: 4711,
    });
    expect(node.received[0]?.request).toEqual({ connectionId: 1, fields: 31 });
  });

  it('tells exactly the chosen fields', async () => {
    const node = await knowing(DETAILS);
    const { api } = await linkedTo([node]);
    const info = await api.getClientInfo(clientOf(node, 1), ['system', 'uid']);
    expect(info).toEqual({ uid: '用户', system: { fd: 5 } });
    expect(node.received[0]?.request).toEqual({
      connectionId: 1,
      fields: ClientField.System | ClientField.Uid,
    });
  });

  it('has an empty uid, session and list of groups for a client that has none', async () => {
    const node = await knowing({ uid: byteStringFromText(''), session: phpSessionCodec.empty, groups: [] });
    const { api } = await linkedTo([node], {}, phpSessionCodec);
    expect(await api.getClientInfo(clientOf(node, 1), ['uid', 'session', 'groups'])).toEqual({
      uid: '',
      session: {},
      groups: [],
    });
  });

  it('is undefined for a client that is not there', async () => {
    const node = await knowing(DETAILS);
    const { api } = await linkedTo([node]);
    expect(await api.getClientInfo(clientOf(node, 2))).toBeUndefined();
  });

  it('refuses no fields, whose reply could not tell whether the client is there, and unknown ones', async () => {
    const node = await knowing(DETAILS);
    const { api } = await linkedTo([node]);
    await expect(api.getClientInfo(clientOf(node, 1), [])).rejects.toBeInstanceOf(InvalidArgumentError);
    const unknown = ['remote_ip'] as unknown as ['remoteIp'];
    await expect(api.getClientInfo(clientOf(node, 1), unknown)).rejects.toMatchObject({
      code: 'ERR_NESTWIRE_INVALID_ARGUMENT',
      argument: 'fields',
    });
  });
});

describe('sessions', () => {
  it.each([
    ['json', jsonSessionCodec],
    ['php', phpSessionCodec],
  ] as const)('are written and read as %s', async (_name, codec) => {
    const stored = new Map<number, Buffer>();
    const node = await gateway({
      setSession: ({ connectionId, session }) => void stored.set(connectionId, Buffer.from(session)),
      getSession: ({ connectionId }) => stored.get(connectionId) ?? codec.none,
    });
    const { api } = await linkedTo([node], {}, codec);
    const session = { name: 'é', deep: { list: [1, 2] } };
    api.setSession(clientOf(node, 1), session);
    api.setSession(clientOf(node, 2), {});
    expect(await api.getSession(clientOf(node, 1))).toEqual(session);
    expect(await api.getSession(clientOf(node, 2))).toEqual({});
    expect(await api.getSession(clientOf(node, 3))).toBeUndefined();
  });

  it('that a PHP worker wrote as a list come as a record', async () => {
    const node = await gateway({ getSession: () => Buffer.from('a:2:{i:0;s:1:"a";i:1;s:1:"b";}') });
    const { api } = await linkedTo([node], {}, phpSessionCodec);
    expect(await api.getSession(clientOf(node, 1))).toEqual({ 0: 'a', 1: 'b' });
  });

  it.each([null, [1], 'text', undefined, Buffer.from('x')])(
    'refuse %j, and send nothing',
    async (session) => {
      const node = await gateway({ isOnline: () => true });
      const { api } = await linkedTo([node]);
      const wrong = session as unknown as Record<string, unknown>;
      expect(() => api.setSession(clientOf(node, 1), wrong)).toThrow(InvalidArgumentError);
      expect(() => api.updateSession(clientOf(node, 1), wrong)).toThrow(InvalidArgumentError);
      await api.isOnline(clientOf(node, 1));
      expect(node.names).toEqual(['isOnline']);
    },
  );
});
