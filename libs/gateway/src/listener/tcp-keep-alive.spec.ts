import { Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { until } from '../../../../test/links/link-kit.js';
import { RawClient } from '../test/clients.js';
import { TestGateway } from '../test/test-gateway.js';

it.each([
  [20_000, [[true, 20_000]]],
  [0, []],
])('a raw TCP client is probed by the system with tcpKeepAliveMs: %i', async (tcpKeepAliveMs, calls) => {
  const node = await TestGateway.start({ tcpKeepAliveMs });
  const setKeepAlive = vi.spyOn(Socket.prototype, 'setKeepAlive');
  onTestFinished(() => setKeepAlive.mockRestore());
  const client = await RawClient.dial(node.tcp);
  await until(() => node.gateway.table.size === 1, 'the client is there');
  const own = setKeepAlive.mock.contexts.flatMap((context, index) =>
    context instanceof Socket && context.remotePort === client.socket.localPort
      ? [setKeepAlive.mock.calls[index]]
      : [],
  );
  expect(own).toEqual(calls);
});
