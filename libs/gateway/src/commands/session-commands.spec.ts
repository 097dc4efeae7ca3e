import { describe, expect, it } from 'vitest';
import { COMMANDS, defineCommand, jsonCodec } from '#protocol';
import { WsClient } from '../test/clients.js';
import type { LanPeer, WorkerPeer } from '../test/lan-peer.js';
import { TestGateway } from '../test/test-gateway.js';

const NOBODY = 0x0fff_ffff;

interface SessionContext {
  readonly node: TestGateway;
  readonly caller: LanPeer;
  readonly worker: WorkerPeer;
  readonly client: WsClient;
  readonly connectionId: number;
  readonly sessionIs: (text: string) => Promise<void>;
}

async function withClient(serialization: 'json' | 'php' = 'json'): Promise<SessionContext> {
  const node = await TestGateway.start({ serialization });
  const worker = await node.worker();
  const client = await WsClient.open(node.ws);
  const { connectionId } = await worker.event('open');
  const caller = await node.caller();
  const sessionIs = async (text: string): Promise<void> =>
    expect(String(await caller.ask(COMMANDS.getSession, { connectionId }))).toBe(text);
  return { node, caller, worker, client, connectionId, sessionIs };
}

describe('session commands over a LAN link', () => {
  it('set, update key by key, and delete a session in JSON', async () => {
    const { caller, connectionId, sessionIs } = await withClient();
    await sessionIs('{}');
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from('{"a":1,"b":{"c":[1.50]}}') });
    await sessionIs('{"a":1,"b":{"c":[1.50]}}');
    caller.command(COMMANDS.updateSession, { connectionId, session: Buffer.from('{"a":2,"d":null}') });
    await sessionIs('{"a":2,"b":{"c":[1.50]},"d":null}');
    caller.command(COMMANDS.deleteSession, { connectionId });
    await sessionIs('{}');
    caller.command(COMMANDS.updateSession, { connectionId, session: Buffer.from('{"only":1}') });
    await sessionIs('{"only":1}');
  });

  it('do the same in PHP, without decoding what JavaScript cannot say', async () => {
    const { caller, connectionId, sessionIs } = await withClient('php');
    await sessionIs('a:0:{}');
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from('a:1:{s:1:"f";d:1;}') });
    caller.command(COMMANDS.updateSession, { connectionId, session: Buffer.from('a:1:{i:7;d:NAN;}') });
    await sessionIs('a:2:{s:1:"f";d:1;i:7;d:NAN;}');
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from('a:0:{}') });
    await sessionIs('a:0:{}');
  });

  it('attach the session to each event, with length 0 when it is empty', async () => {
    const { caller, worker, client, connectionId } = await withClient();
    client.send('before');
    await worker.received(2);
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from('{"n":1}') });
    await caller.settled();
    client.send('during');
    await worker.received(3);
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from('{}') });
    await caller.settled();
    client.send('after');
    await worker.received(4);
    caller.command(COMMANDS.updateSession, { connectionId, session: Buffer.from('{"n":2}') });
    await caller.settled();
    client.socket.close();
    const events = await worker.received(5);
    expect(events.map(({ type, session }) => [type, session.toString()])).toEqual([
      ['open', ''],
      ['message', ''],
      ['message', '{"n":1}'],
      ['message', ''],
      ['close', '{"n":2}'],
    ]);
  });

  it('say that an unknown client has none', async () => {
    for (const [serialization, none] of [
      ['json', 'null'],
      ['php', 'N;'],
    ] as const) {
      // prettier-ignore
      const { caller } = await withClient(serialization);
      const connectionId = NOBODY;
      caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from('{"a":1}') });
      caller.command(COMMANDS.updateSession, { connectionId, session: Buffer.from('{"a":1}') });
      caller.command(COMMANDS.deleteSession, { connectionId });
      expect(String(await caller.ask(COMMANDS.getSession, { connectionId }))).toBe(none);
    }
  });

  it('close the link of a caller whose session is none, and leave the session as it was', async () => {
    for (const command of [COMMANDS.setSession, COMMANDS.updateSession]) {
      const { node, caller, connectionId } = await withClient();
      const other = await node.caller();
      other.command(COMMANDS.setSession, { connectionId, session: Buffer.from('{"kept":true}') });
      await other.settled();
      caller.command(command, { connectionId, session: Buffer.from('"no object"') });
      await caller.closed();
      expect(String(await other.ask(COMMANDS.getSession, { connectionId }))).toBe('{"kept":true}');
      expect(node.stats.badLinks).toBe(1);
    }
  });

  it('do not take a session above maxSessionBytes, however it gets there', async () => {
    const tooLong = { text: 'x'.repeat(40) };
    const grow = defineCommand({ code: 120, request: jsonCodec(Number) });
    const node = await TestGateway.start({
      maxSessionBytes: 40,
      commands: [{ definition: grow, execute: (port, id) => port.setSession(id as number, tooLong) }],
    });
    await WsClient.open(node.ws);
    const [{ id: connectionId } = { id: NOBODY }] = await node.connected(1);
    const caller = await node.caller();
    const sessionIs = async (text: string): Promise<void> =>
      expect(String(await caller.ask(COMMANDS.getSession, { connectionId }))).toBe(text);
    const exact = `{"a":"${'x'.repeat(32)}"}`;
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from(exact) });
    await sessionIs(exact);
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from(`{"a":"${'x'.repeat(33)}"}`) });
    await sessionIs(exact);
    caller.command(COMMANDS.updateSession, { connectionId, session: Buffer.from('{"b":1}') });
    await sessionIs(exact);
    caller.command(grow, connectionId);
    await sessionIs(exact);
    expect(node.stats.sessionsTooBig).toBe(3);
    expect(node.stats.badLinks).toBe(0);
    expect(node.log.texts('warn')).toEqual([
      'Did not take a session of 41 bytes: 40 is the limit. ' +
        'It goes with every event of its client, so keep little in it, or raise "maxSessionBytes".',
    ]);
  });

  it('keep their own copy of a session, not a view into what the link received', async () => {
    const { caller, connectionId, sessionIs } = await withClient();
    caller.command(COMMANDS.setSession, { connectionId, session: Buffer.from('{"mine":"aaaa"}') });
    for (let i = 0; i < 50; i++)
      caller.command(COMMANDS.sendToClient, { connectionId, message: Buffer.alloc(2_000, 'z') });
    await sessionIs('{"mine":"aaaa"}');
  });
});
