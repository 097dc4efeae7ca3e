import { describe, expect, it } from 'vitest';
import { CloseMode, InvalidArgumentError, formatClientId } from '#protocol';
import type { GatewayApi } from './gateway-api.js';
import { clientOf, gateway, linkedTo, rejection, twoGateways } from './test/pool-kit.js';

const ID = '7f000001239400000001';
const LONG = 'é'.repeat(128);

const COMMANDS_WITH_NAMES: readonly [string, (api: GatewayApi, name: string) => void][] = [
  ['sendToUid', (api, name) => api.sendToUid(name, 'x')],
  ['sendToGroup', (api, name) => api.sendToGroup(name, 'x')],
  ['bindUid', (api, name) => api.bindUid(ID, name)],
  ['joinGroup', (api, name) => api.joinGroup(ID, name)],
  ['leaveGroup', (api, name) => api.leaveGroup(ID, name)],
  ['unGroup', (api, name) => api.unGroup(name)],
  ['getUidListByGroup', (api, name) => api.getUidListByGroup(name)],
  ['getClientListByGroup', (api, name) => api.getClientListByGroup(name)],
  ['getClientListByUid', (api, name) => api.getClientListByUid(name)],
];

const QUESTIONS_WITH_NAMES: readonly [string, (api: GatewayApi, name: string) => Promise<unknown>][] = [
  ['isUidOnline', (api, name) => api.isUidOnline(name)],
  ['getClientCountByGroup', (api, name) => api.getClientCountByGroup(name)],
  ['getClientCountByUid', (api, name) => api.getClientCountByUid(name)],
  ['getUidCountByGroup', (api, name) => api.getUidCountByGroup(name)],
];

const COMMANDS_WITH_CLIENTS: readonly [string, (api: GatewayApi, id: string) => void][] = [
  ['sendToClient', (api, id) => api.sendToClient(id, 'x')],
  ['closeClient', (api, id) => api.closeClient(id)],
  ['bindUid', (api, id) => api.bindUid(id, 'u')],
  ['unBindUid', (api, id) => api.unBindUid(id)],
  ['joinGroup', (api, id) => api.joinGroup(id, 'g')],
  ['leaveGroup', (api, id) => api.leaveGroup(id, 'g')],
  ['setSession', (api, id) => api.setSession(id, {})],
  ['updateSession', (api, id) => api.updateSession(id, {})],
  ['deleteSession', (api, id) => api.deleteSession(id)],
  ['sendToAll', (api, id) => api.sendToAll('x', { exclude: [id] })],
  ['sendToAddress', (api, id) => api.sendToAddress(id, Buffer.from([100]))],
];

describe('arguments that no gateway could be told', () => {
  it.each(COMMANDS_WITH_NAMES)(
    '%s throws for a name of 256 bytes, and takes one of 255',
    async (_name, call) => {
      const { api } = await linkedTo([]);
      expect(() => call(api, LONG)).toThrow(InvalidArgumentError);
      expect(() => call(api, `${LONG.slice(1)}x`)).not.toThrow();
      expect(() => call(api, '')).not.toThrow();
      expect(() => call(api, 7 as unknown as string)).toThrow(InvalidArgumentError);
    },
  );

  it.each(QUESTIONS_WITH_NAMES)('%s rejects for a name of 256 bytes', async (_name, ask) => {
    const { api } = await linkedTo([]);
    expect(await rejection(ask(api, LONG))).toMatchObject({ code: 'ERR_NESTWIRE_INVALID_ARGUMENT' });
    await ask(api, `${LONG.slice(1)}x`);
  });

  it.each(COMMANDS_WITH_CLIENTS)('%s throws for what is no client id', async (_name, call) => {
    const { api } = await linkedTo([]);
    for (const id of ['', 'x', ID.toUpperCase().replace('7F', 'FF'), `${ID}0`]) {
      expect(() => call(api, id)).toThrow(InvalidArgumentError);
    }
    expect(() => call(api, ID)).not.toThrow();
  });

  it('refuses messages that are neither text nor bytes', async () => {
    const { api } = await linkedTo([]);
    const wrong = { hello: 1 } as unknown as string;
    for (const send of [
      () => api.sendToAll(wrong),
      () => api.sendToClient(ID, wrong),
      () => api.sendToGroup('g', wrong),
      () => api.sendToUid('u', wrong),
    ]) {
      expect(send).toThrow(expect.objectContaining({ argument: 'message' }));
    }
  });

  it('refuses messages that would end the link as too large a frame, counted in bytes', async () => {
    const { api } = await linkedTo([], { link: { maxFrameBytes: 5_000 } });
    expect(() => api.sendToAll('x'.repeat(5_000))).toThrow(InvalidArgumentError);
    expect(() => api.sendToAll('é'.repeat(2_500))).toThrow(InvalidArgumentError);
    expect(() => api.sendToAll(Buffer.alloc(5_000))).toThrow(InvalidArgumentError);
    expect(() => api.sendToAll('é'.repeat(1_900))).not.toThrow();
  });

  it('refuses more than 65,535 excluded clients of one gateway, and takes as many of each of two', async () => {
    const { api } = await linkedTo([]);
    const of = (gatewayKey: string, count: number): string[] =>
      Array.from({ length: count }, (_, i) => formatClientId(gatewayKey, i));
    const most = [...of('7f0000010001', 65_535), ...of('7f0000010002', 65_535)];
    expect(() => api.sendToAll('x', { exclude: most })).not.toThrow();
    expect(() => api.sendToGroup('g', 'x', { exclude: of('7f0000010001', 65_536) })).toThrow(
      expect.objectContaining({ argument: 'exclude' }),
    );
  });
});

describe('excluded clients', () => {
  it('are told to their own gateway alone', async () => {
    const [a, b] = await twoGateways({}, {});
    const { api } = await linkedTo([a, b]);
    const exclude = [clientOf(a, 1), clientOf(b, 2), clientOf(a, 3), formatClientId('7f0000010001', 4)];
    api.sendToGroup('g', 'x', { exclude });
    api.sendToAll('y', { exclude: [clientOf(b, 2)] });
    await api.flush();
    await Promise.all([a, b].map((node) => node.until(() => node.received.length === 2)));
    const message = Buffer.from('x');
    expect(a.received.map(({ request }) => request)).toEqual([
      { group: 'g', exclude: [1, 3], message },
      { exclude: [], message: Buffer.from('y') },
    ]);
    expect(b.received.map(({ request }) => request)).toEqual([
      { group: 'g', exclude: [2], message },
      { exclude: [2], message: Buffer.from('y') },
    ]);
  });
});

describe('closeClient', () => {
  it('waits for what is queued unless it is forced, and tells a client that is denied so', async () => {
    const node = await gateway();
    const { api } = await linkedTo([node]);
    api.closeClient(clientOf(node, 1));
    api.closeClient(clientOf(node, 2), { force: true });
    api.closeClient(clientOf(node, 3), { denied: true });
    await node.until(() => node.received.length === 3);
    expect(node.received.map(({ request }) => request)).toEqual([
      { connectionId: 1, mode: CloseMode.AfterQueued },
      { connectionId: 2, mode: CloseMode.Now },
      { connectionId: 3, mode: CloseMode.Denied },
    ]);
  });
});
