import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient, upgradeRequest, WsClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';

const ELSEWHERE = '127.0.0.2';

async function dialFrom(localAddress: string, url: string | undefined): Promise<RawClient> {
  const { hostname, port } = new URL(url ?? '');
  const socket = connect({ host: hostname, port: Number(port), localAddress });
  await once(socket, 'connect');
  return new RawClient(socket);
}

describe('an address', () => {
  it.each([0, 2_000])(
    'may have so many clients: one more is told 429, or closed; others come in (maxAcceptsPerSecond %i)',
    async (maxAcceptsPerSecond) => {
      const node = await TestGateway.start({ maxConnectionsPerAddress: 2, maxAcceptsPerSecond });
      const first = await WsClient.open(node.ws);
      const second = await RawClient.dial(node.tcp);
      await node.connected(2);
      const refused = await RawClient.dial(node.ws);
      refused.write(upgradeRequest('/'));
      await refused.closed();
      expect(refused.text).toMatch(
        /^HTTP\/1\.1 429 Too Many Requests\r\nConnection: close\r\nRetry-After: [1-5]\r\nContent-Length: 0\r\n\r\n$/,
      );
      const refusedTcp = await RawClient.dial(node.tcp);
      await refusedTcp.closed();
      expect(refusedTcp.received).toHaveLength(0);
      expect(node.stats.connectionsOverAddressLimit).toBe(2);
      expect(node.stats.connectionsRefused).toBe(2);
      expect(node.stats.connectionsOpened).toBe(2);
      const other = await WsClient.open(node.ws, { localAddress: ELSEWHERE });
      await node.connected(3);

      second.socket.destroy();
      await node.connected(2);
      const next = await WsClient.open(node.ws);
      await node.connected(3);
      expect(node.stats.connectionsOverAddressLimit).toBe(2);
      for (const client of [first, other, next]) expect(client.closing).toBeUndefined();
    },
  );

  it('counts sockets that never become clients, and gives their places back', async () => {
    const node = await TestGateway.start({ maxConnectionsPerAddress: 3, upgradeTimeoutMs: 300 });
    const idle: RawClient[] = [];
    for (let i = 0; i < 3; i++) idle.push(await RawClient.dial(node.ws));
    const refused = await RawClient.dial(node.ws);
    await refused.closed();
    expect(refused.text).toContain('429');
    for (const client of idle) await client.closed();
    for (let i = 0; i < 3; i++) await WsClient.open(node.ws);
    await node.connected(3);
    expect(node.stats.connectionsOverAddressLimit).toBe(1);
  });

  it('does not fill the places of others who wait to come in', async () => {
    const node = await TestGateway.start({ maxConnectionsPerAddress: 2, maxAcceptsPerSecond: 10 });
    const flood = await Promise.all(Array.from({ length: 60 }, () => RawClient.dial(node.tcp)));
    await until(() => node.stats.connectionsOverAddressLimit === 58, 'the flood is refused');
    const other = await dialFrom(ELSEWHERE, node.tcp);
    await node.connected(3);
    expect(other.isClosed).toBe(false);
    await until(() => flood.filter(({ isClosed }) => isClosed).length === 58, 'two of the flood are left');
  });

  it('has one rate for all its clients, and takes it along when they come again', async () => {
    const node = await TestGateway.start({
      maxMessagesPerSecondPerAddress: 1,
      throttleBurstMs: 20_000,
      whenThrottled: 'drop',
    });
    const worker = await node.worker();
    const one = await WsClient.open(node.ws);
    const two = await RawClient.dial(node.tcp);
    const other = await WsClient.open(node.ws, { localAddress: ELSEWHERE });
    for (let i = 0; i < 30; i++) {
      one.send('one');
      two.write('two\n');
    }
    await until(() => node.stats.messagesReceived === 60, 'all of it has been read');
    const passed = 60 - node.stats.messagesThrottled;
    expect(passed).toBeGreaterThanOrEqual(20);
    expect(passed).toBeLessThan(30);
    one.socket.terminate();
    two.socket.destroy();
    await node.connected(1);
    const again = await WsClient.open(node.ws);
    for (let i = 0; i < 30; i++) again.send('again');
    for (let i = 0; i < 15; i++) other.send('other');
    await until(() => node.stats.messagesReceived === 105, 'all of it has been read');
    await until(() => worker.texts.length === 105 - node.stats.messagesThrottled, 'it has come');
    expect(worker.texts.filter((text) => text === 'other')).toHaveLength(15);
    expect(worker.texts.filter((text) => text === 'again').length).toBeLessThan(10);
  });
});
