import { describe, expect, it } from 'vitest';
import { phpSessionCodec } from '#protocol';
import { RECORDED_PACKETS, fromHex } from '../../../test/golden/golden-data.js';
import type { GatewayApi } from './gateway-api.js';
import { all, clientOf, gateway, linkedTo } from './test/pool-kit.js';
import type { ScriptedGateway } from './test/scripted-gateway.js';

/** The link on which the original's worker called the gateway. */
const COMMAND_CONNECTION = 13;

const recorded = RECORDED_PACKETS.filter(({ conn }) => conn === COMMAND_CONNECTION);
const requests = recorded
  .filter(({ dir }) => dir === 'c2s')
  .flatMap(({ frames }) => (frames ?? []).map(({ load_hex }) => load_hex));
const replies = recorded
  .filter(({ dir }) => dir === 's2c')
  .flatMap(({ frames }) => (frames ?? []).map(({ load_hex }) => fromHex(load_hex)));

/** Answers each question with the reply that was recorded for it, in order. */
async function replaying(): Promise<ScriptedGateway> {
  let next = 0;
  const reply = (_request: unknown, link: { send: ScriptedGateway['links'][number]['send'] }): never => {
    link.send((writer) => writer.bytes(replies[next++]!));
    // The bytes are on the line as they were recorded: nothing is left for the codec to write.
    return undefined as never;
  };
  return gateway({
    getSession: reply,
    getClientInfo: reply,
    getClientList: reply,
    getClientListByGroup: reply,
    getClientListByUid: reply,
    getClientCount: reply,
    getClientCountByGroup: reply,
    getUidListByGroup: reply,
    getUidList: reply,
    getUidCount: reply,
    getGroupList: reply,
    isOnline: reply,
  });
}

const BOB = { name: 'bob', n: 7, f: 1.5, ok: true, no: null, list: [1, 'x'], map: { k: 'v' }, e: [] };

/** What the recorded test client had the original's worker call, without the answers that the worker sent to it. */
async function callAll(api: GatewayApi, node: ScriptedGateway): Promise<unknown[]> {
  const [a, b, stranger] = [clientOf(node, 2), clientOf(node, 3), clientOf(node, 0xffff)];
  for (const message of ['hello', '', Buffer.from('bin'), 'frag-ment']) api.sendToClient(a, message);
  api.setSession(a, BOB);
  api.updateSession(a, { n: 8, extra: '值' });
  const answers: unknown[] = [await api.getSession(a)];
  api.bindUid(a, 'user-1');
  api.bindUid(b, 'user-1');
  api.joinGroup(a, 'g');
  api.joinGroup(b, 'g');
  api.joinGroup(a, '房间');
  answers.push(await api.sendToAddressAndRecv(a, fromHex('0700000002ff')));
  answers.push(await api.getClientInfo(a, ['uid']));
  answers.push(await all(api.getClientList()));
  answers.push(await all(api.getClientListByGroup('g')));
  answers.push(await all(api.getClientListByUid('user-1')));
  answers.push(await api.getClientCount());
  answers.push(await api.getClientCountByGroup('g'));
  answers.push(await all(api.getUidListByGroup('g')));
  answers.push(await api.getUidCountByGroup('g'));
  answers.push(await all(api.getUidList()));
  answers.push(await api.getUidCount({ sample: true }));
  answers.push(await api.getUidCount({ sample: 0.8 }));
  answers.push(await all(api.getGroupList()));
  answers.push(await api.isOnline(a));
  answers.push(await api.isUidOnline('user-1'));
  answers.push(await api.isUidOnline('nobody'));
  answers.push(await api.isOnline(stranger));
  // The original asks for all bits; ours for those it has fields for.
  answers.push(await api.sendToAddressAndRecv(stranger, fromHex('070000ffffff')));
  answers.push(await api.getSession(stranger));
  api.sendToGroup('g', 'to-group');
  api.sendToGroup('g', 'not for A', { exclude: [a] });
  api.sendToAll('to-all');
  api.sendToUid('user-1', 'to-uid');
  api.leaveGroup(a, '房间');
  api.unBindUid(b);
  api.deleteSession(a);
  api.setSession(a, { last: 1 });
  api.unGroup('g');
  api.closeClient(b);
  api.sendToClient(clientOf(node, 4), 'raw hello');
  await api.flush();
  return answers;
}

/** The answers of the recorded worker to the recorded client hold run times: they are its own, not the api's. */
function isOwnCall(hex: string): boolean {
  const text = fromHex(hex).toString('latin1');
  return !text.includes('{"id":') && !text.includes('{"session":');
}

describe('the recorded conversation of the original', () => {
  it('is asked byte for byte, and its answers are understood', async () => {
    const node = await replaying();
    const { api } = await linkedTo([node], { questionTimeoutMs: 5_000 }, phpSessionCodec);
    const expected = requests.filter(isOwnCall);
    const answers = await callAll(api, node);
    await node.until(() => node.received.length >= expected.length);
    expect(node.received.map(({ hex }) => hex)).toEqual(expected);

    const session = { ...BOB, n: 8, extra: '值' };
    const both = [clientOf(node, 2), clientOf(node, 3)];
    const [first, info, ...rest] = answers;
    expect(first).toEqual(session);
    expect(info).toEqual(replies[1]);
    expect(rest).toEqual([
      { uid: 'user-1' },
      both,
      both,
      both,
      2,
      2,
      ['user-1'],
      1,
      ['user-1'],
      1,
      0,
      ['g', '房间'],
      true,
      true,
      false,
      false,
      Buffer.from([0xff]),
      undefined,
    ]);
  });
});
