import { describe, expect, it } from 'vitest';
import { InvalidArgumentError, defineCommand, formatAddress, formatClientId } from '#protocol';
import { GatewayUnavailableError } from './errors.js';
import { ListedByHand, clientOf, gateway, linkedTo, rejection, unstarted } from './test/pool-kit.js';
import { ScriptedGateway } from './test/scripted-gateway.js';

/** An address where nobody listens. */
async function nobody(): Promise<ScriptedGateway> {
  const stopped = await gateway();
  await stopped.stop();
  return stopped;
}

const SLOW_RETRY = { backoff: { minDelayMs: 60_000, maxDelayMs: 60_000 } };

describe('a gateway that cannot be reached', () => {
  it('drops commands, counts them, and warns once for many', async () => {
    const node = await nobody();
    const { api, pool, log } = await linkedTo([node], SLOW_RETRY);
    for (let i = 0; i < 100; i++) api.sendToClient(clientOf(node, i), 'hello');
    api.sendToAll('hello');
    expect(pool.counters.droppedCommands).toBe(101);
    expect(log.warnings('are dropped: there is no link to it')).toBe(1);
  });

  it('rejects questions at once, naming it', async () => {
    const node = await nobody();
    const { api } = await linkedTo([node], { ...SLOW_RETRY, questionTimeoutMs: 60_000 });
    const error = await rejection(api.isOnline(clientOf(node, 1)));
    expect(error).toBeInstanceOf(GatewayUnavailableError);
    expect(error).toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE', gateway: node.address });
  });

  it('still judges arguments as if it were there', async () => {
    const node = await nobody();
    const { api } = await linkedTo([node], SLOW_RETRY);
    const refuses = defineCommand<string>({
      code: 150,
      request: {
        write() {
          throw new InvalidArgumentError('value', 'is never right.');
        },
        read: () => '',
      },
    });
    expect(() => api.sendToAddress(node.address, refuses, 'x')).toThrow(InvalidArgumentError);
  });

  it('takes what is called while the first connection is being made', async () => {
    const node = await gateway({ isOnline: () => true });
    const { api, pool } = unstarted(new ListedByHand([node.address]));
    const started = pool.start();
    api.joinGroup(clientOf(node, 1), 'g');
    expect(await api.isOnline(clientOf(node, 1))).toBe(true);
    await started;
    expect(node.names).toEqual(['joinGroup', 'isOnline']);
    expect(pool.counters.droppedCommands).toBe(0);
  });

  it('counts what waited for a connection that then could not be made', async () => {
    const node = await nobody();
    const { api, pool } = unstarted(new ListedByHand([node.address]), SLOW_RETRY);
    const started = pool.start();
    api.joinGroup(clientOf(node, 1), 'g');
    const asked = rejection(api.isOnline(clientOf(node, 1)));
    await started;
    expect(await asked).toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE', gateway: node.address });
    expect(pool.counters.droppedCommands).toBe(1);
  });

  it('keeps no more for a connection that is being made than a link may queue', async () => {
    const node = await gateway();
    const { api, pool } = unstarted(new ListedByHand([node.address]), { link: { maxQueuedBytes: 10_000 } });
    const started = pool.start();
    for (let i = 0; i < 20; i++) api.sendToClient(clientOf(node, 1), 'x'.repeat(1_000));
    await started;
    await node.until(() => node.received.length === 10);
    expect(pool.counters.droppedCommands).toBe(10);
  });

  it('is dialled again, and serves the next call', async () => {
    const first = await gateway({ isOnline: () => true });
    const { api, log } = await linkedTo([first]);
    await first.stop();
    await expect(api.isOnline(clientOf(first, 1))).rejects.toMatchObject({ gateway: first.address });
    const second = await gateway({ isOnline: () => true }, first.address.port);
    await second.until(() => second.accepted === 1);
    expect(await api.isOnline(clientOf(second, 1))).toBe(true);
    expect(log.warnings('for commands ended; it is dialled again')).toBe(1);
    expect(log.lines.find(({ level }) => level === 'warn')?.facts).toEqual({
      gateway: formatAddress(first.address),
      code: 'ERR_NESTWIRE_LINK_CLOSED',
    });
  });
});

describe('a client whose gateway no list has', () => {
  const gone = formatClientId('7f0000010001', 5);

  it('is offline, has no session and no info', async () => {
    const { api } = await linkedTo([await gateway()]);
    expect(await api.isOnline(gone)).toBe(false);
    expect(await api.getSession(gone)).toBeUndefined();
    expect(await api.getClientInfo(gone)).toBeUndefined();
  });

  it('gets nothing, which is counted, and its gateway is not dialled', async () => {
    const node = await gateway();
    const { api, pool, log } = await linkedTo([node]);
    api.sendToClient(gone, 'hello');
    api.setSession(gone, {});
    await api.flush();
    expect(pool.counters.droppedCommands).toBe(2);
    expect(log.warnings('no register lists')).toBe(1);
    expect(node.received).toEqual([]);
    await expect(
      api.sendToAddressAndRecv({ host: '127.0.0.1', port: 1 }, Buffer.from([4])),
    ).rejects.toMatchObject({ code: 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE', gateway: { port: 1 } });
  });
});
