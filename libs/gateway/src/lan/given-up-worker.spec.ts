import { describe, expect, it } from 'vitest';
import { byteStringFromText, COMMANDS, writeAcknowledge, writeRequest } from '#protocol';
import { until } from '../../../../test/links/link-kit.js';
import { MOST_AT_ONCE, STEP_SIZE } from '../connection/in-steps.js';
import { RawClient } from '../test/clients.js';
import { NestwirePeer } from '../test/nestwire-peer.js';
import { FakeTransport, TestGateway } from '../test/test-gateway.js';

const group = byteStringFromText('everybody');
const CROWD = MOST_AT_ONCE + 2 * STEP_SIZE;

/** A gateway with a group so large that a message to it takes several turns. */
async function crowded(): Promise<TestGateway> {
  const node = await TestGateway.start({ protocol: 'nestwire', farewellPerSecond: 0 });
  const { table } = node.gateway;
  for (let i = 0; i < CROWD; i++) {
    const transport = new FakeTransport();
    const connection = table.open(transport)!;
    table.join(connection, group);
    transport.close = () => connection.state === 'closed' || table.close(connection);
  }
  return node;
}

/** A message to the group, and what has to wait for it, in one piece. */
function sayToCrowd(peer: NestwirePeer, connectionId: number): void {
  const { link } = peer;
  const uid = byteStringFromText('late');
  link.send((writer) => writeRequest(writer, COMMANDS.sendToGroup, { group, exclude: [], message: 'all' }));
  link.send((writer) => writeRequest(writer, COMMANDS.bindUid, { connectionId, uid }));
}

describe('what a worker has said before it was given up', () => {
  it('and had to wait takes no effect any more, and its events go to another one', async () => {
    const node = await crowded();
    const worker = await node.nestwireWorker();
    await RawClient.dial(node.tcp);
    const { connectionId } = (await worker.received(1))[0]!.event;
    const next = await node.nestwireWorker();
    sayToCrowd(worker, connectionId);
    worker.link.send((writer) => writeAcknowledge(writer, [1, 1]));
    worker.link.flush();
    await until(() => node.stats.messagesSent > 0, 'it has begun');
    expect(node.stats.messagesSent).toBeLessThan(CROWD);
    node.gateway.workers.workers[0]!.link.destroy();
    await next.received(1);
    expect(next.story).toEqual(['connect again']);
    // What had begun is finished.
    await until(() => node.stats.messagesSent === CROWD, 'everybody has it');
    expect(await next.ask(COMMANDS.getClientCountByUid, { uid: byteStringFromText('late') })).toBe(0);
    expect(node.gateway.table.get(connectionId)!.uid).toBe('');
  });

  it('is done when it goes in order, however long that takes', async () => {
    const node = await crowded();
    const worker = await node.nestwireWorker();
    await RawClient.dial(node.tcp);
    const { connectionId } = (await worker.received(1))[0]!.event;
    sayToCrowd(worker, connectionId);
    worker.link.send((writer) => writeAcknowledge(writer, [1, 1]));
    worker.link.close();
    await until(() => node.gateway.workers.size === 0, 'it is gone');
    expect(node.gateway.table.get(connectionId)!.uid).toBe('late');
    expect([node.stats.messagesSent, node.stats.eventsRedelivered]).toEqual([CROWD, 0]);
  });

  it('is done when its link breaks after it has left and was done with everything', async () => {
    const node = await crowded();
    const worker = await node.nestwireWorker();
    await RawClient.dial(node.tcp);
    const { connectionId } = (await worker.received(1))[0]!.event;
    worker.acknowledge(1);
    worker.leave();
    await until(() => worker.hasLeft, 'it has left');
    sayToCrowd(worker, connectionId);
    worker.link.flush();
    await until(() => node.stats.messagesSent > 0, 'it has begun');
    expect(node.stats.messagesSent).toBeLessThan(CROWD);
    node.gateway.workers.workers[0]!.link.destroy();
    await until(() => node.stats.messagesSent === CROWD, 'everybody has it');
    await until(() => node.gateway.table.get(connectionId)!.uid === 'late', 'what had to wait is done');
  });

  it('is done when it took no events: nobody else gets anything of it', async () => {
    const node = await crowded();
    const caller = await NestwirePeer.dial(node.gateway.address);
    const { id } = node.connections[0]!;
    sayToCrowd(caller, id);
    caller.link.close();
    await caller.closed();
    await until(() => node.gateway.table.get(id)!.uid === 'late', 'it is done');
  });
});
