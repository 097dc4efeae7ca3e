import { describe, expect, it } from 'vitest';
import { COMMANDS, encodeFrame, type CommandName } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { WsClient } from '../test/clients.js';
import type { LanPeer, WorkerPeer } from '../test/lan-peer.js';
import { TestGateway } from '../test/test-gateway.js';

const UNKNOWN_CODES = [27, 60, 99, 100, 199, 200, 255];
/** Whose requests have fields of a fixed size, so that a code alone is too short. */
const NEED_FIELDS: readonly CommandName[] = [
  'bindUid', 'closeClient', 'deleteSession', 'getClientInfo', 'getClientList', 'getSession', 'getUidCount', 'isOnline',
  'joinGroup', 'leaveGroup', 'sendToAll', 'sendToClient', 'sendToGroup', 'setSession', 'unBindUid', 'updateSession',
]; // prettier-ignore
const TAKE_NO_REST: readonly CommandName[] = [
  'ping', 'closeClient', 'deleteSession', 'getClientCount', 'getClientInfo', 'getClientList', 'getGroupList', 'getSession',
  'getUidCount', 'getUidList', 'isOnline', 'unBindUid',
]; // prettier-ignore

async function started(): Promise<{ node: TestGateway; bystander: LanPeer; worker: WorkerPeer }> {
  const node = await TestGateway.start();
  return { node, bystander: await node.caller(), worker: await node.worker() };
}

describe('a request that is not one', () => {
  it('closes that link only, and is counted and logged', async () => {
    const { node, bystander, worker } = await started();
    let expected = 0;
    for (const name of NEED_FIELDS) {
      const caller = await node.caller();
      caller.write(COMMANDS[name].code);
      await caller.closed();
      expect(node.stats.badLinks).toBe(++expected);
    }
    for (const name of TAKE_NO_REST) {
      const caller = await node.caller();
      caller.write(COMMANDS[name].code, ...Array.from({ length: 40 }, () => 1));
      await caller.closed();
      expect(node.stats.badLinks).toBe(++expected);
    }
    await bystander.settled();
    expect(worker.isClosed).toBe(false);
    // A line for each kind of fault, not for each link: strangers must not fill the disk.
    expect(node.log.texts('warn')).toHaveLength(2);
    expect(node.log.texts('warn')[0]).toMatch(
      /^Closed the link from 127\.0\.0\.1:\d+: A field of 4 bytes was announced/,
    );
  });

  it('is refused when tags are no JSON list', async () => {
    const { node } = await started();
    const caller = await node.caller();
    caller.write(COMMANDS.registerWorker.code, 0x7b);
    await caller.closed();
    expect(node.gateway.workers.size).toBe(1);
    expect(node.stats.badLinks).toBe(1);
  });

  it('is refused when its checksum or its length is wrong', async () => {
    const { node, bystander, worker } = await started();
    const frame = encodeFrame((writer) => writer.u8(COMMANDS.getClientCount.code));
    frame[7]! ^= 1;
    for (const bytes of [
      frame,
      Buffer.from([0, 0, 0, 7, 0, 0, 0, 0]),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    ]) {
      const caller = await node.caller();
      caller.socket.write(bytes);
      await caller.closed();
    }
    expect(node.stats.badLinks).toBe(3);
    expect(await bystander.ask(COMMANDS.getClientCount, undefined)).toBe(0);
    expect(worker.isClosed).toBe(false);
    expect(node.gateway.workers.size).toBe(1);
  });

  it('does not take along what the caller was answered before it', async () => {
    const { node } = await started();
    const caller = await node.caller();
    caller.command(COMMANDS.getClientCount, undefined);
    caller.command(COMMANDS.getUidList, undefined);
    await caller.reply();
    expect(await caller.reply()).toEqual(Buffer.alloc(0));
    caller.write(250);
    await caller.closed();
  });
});

describe('an unknown command', () => {
  it('closes a command link, because no reply would shift all later ones', async () => {
    const { node, bystander } = await started();
    for (const code of UNKNOWN_CODES) {
      const caller = await node.caller();
      caller.write(code, 1, 2, 3);
      await caller.closed();
    }
    await bystander.settled();
    expect(node.stats.unknownCommands).toBe(UNKNOWN_CODES.length);
    expect(node.stats.badLinks).toBe(UNKNOWN_CODES.length);
  });

  it('leaves an event link alone, and is counted each time but reported once', async () => {
    const { node, worker } = await started();
    for (let i = 0; i < 3; i++) worker.write((writer) => writer.u8(150));
    await until(() => node.stats.unknownCommands === 3, 'all three have been counted');
    expect(node.log.texts('warn')).toEqual([
      'Nobody executes command 150. Register it with the gateway module\'s "commands".',
    ]);
    expect(node.gateway.workers.size).toBe(1);
    const client = await WsClient.open(node.ws);
    client.send('still routed');
    await worker.received(2);
    expect(worker.texts).toEqual(['still routed']);
    expect(node.stats.badLinks).toBe(0);
  });
});
