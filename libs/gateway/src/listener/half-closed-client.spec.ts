import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { COMMANDS } from '#protocol';
import { RawClient, upgradeRequest } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';

it.each([
  ['WebSocket', 'ws'],
  ['raw TCP', 'tcp'],
] as const)(
  'a %s client that closes its side and does not read what is queued for it is let go, and its worker told',
  async (_, kind) => {
    const node = await TestGateway.start({ maxQueuedBytes: 0, slowClientTimeoutMs: 0, closeTimeoutMs: 200 });
    const worker = await node.worker();
    const socket = connect({
      host: '127.0.0.1',
      port: Number(new URL(node[kind]!).port),
      allowHalfOpen: true,
    });
    await once(socket, 'connect');
    const client = new RawClient(socket);
    if (kind === 'ws') {
      client.write(upgradeRequest('/'));
      await client.until((text) => text.includes('\r\n\r\n'), 'the upgrade is answered');
    }
    const [connection] = await node.connected(1);
    socket.pause();
    const caller = await node.caller();
    const request = { connectionId: connection!.id, message: Buffer.alloc(1_000_000, 'x') };
    for (let i = 0; i < 16; i++) caller.command(COMMANDS.sendToClient, request);
    await caller.settled();
    expect(connection!.transport.queuedBytes).toBeGreaterThan(0);
    socket.end();
    await worker.event('close');
    await node.connected(0);
  },
);
