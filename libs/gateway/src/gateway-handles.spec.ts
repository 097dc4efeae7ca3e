import { expect, it } from 'vitest';
import { COMMANDS } from '#protocol';
import { until } from '../../../test/links/link-kit.js';
import { Gateway } from './gateway.js';
import { RawClient, WsClient } from './test/clients.js';
import { LanPeer } from './test/lan-peer.js';
import { LogRecorder, registerSink } from './test/test-gateway.js';

/** What keeps a process alive. This file is a process of its own, in which nothing else comes and goes. */
function handles(): string[] {
  const counted = ['TCPServerWrap', 'TCPSocketWrap', 'Timeout'];
  return process
    .getActiveResourcesInfo()
    .filter((name) => counted.includes(name))
    .toSorted();
}

it('a gateway that was closed keeps nothing that would keep the process alive', async () => {
  const register = await registerSink();
  const before = handles();
  const gateway = new Gateway(
    {
      lan: '127.0.0.1:0',
      listen: ['ws://127.0.0.1:0', 'tcp://127.0.0.1:0'],
      registers: [register],
      protocol: 'base', // what `LanPeer` speaks
      tcpIdleTimeoutMs: 60_000,
    },
    new LogRecorder(),
  );
  await gateway.listen();
  const client = await WsClient.open(gateway.urls[0]);
  const tcp = await RawClient.dial(gateway.urls[1]);
  const caller = await LanPeer.dial(gateway.address);
  await caller.ask(COMMANDS.getClientCount, undefined);
  expect(handles().length).toBeGreaterThan(before.length);
  await gateway.close();
  await client.closed();
  await tcp.closed();
  await caller.closed();
  await until(() => leftBeyond(before).length === 0, 'nothing is left but what was there before');
});

/** The test runner's own timers come and go; what is not in `before` is the gateway's. */
function leftBeyond(before: readonly string[]): string[] {
  const known = [...before];
  return handles().filter((name) => {
    const at = known.indexOf(name);
    if (at >= 0) known.splice(at, 1);
    return at < 0;
  });
}
