import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { formatAddress, InvalidOptionError, type GatewayEntry, type NodeAddress } from '#protocol';
import { RegisterMembership, RegisterServer, type RegisterClientOptions } from '#register';
import { frameOf, listenRaw, until } from '../../../test/links/link-kit.js';
import {
  announcedGateway,
  baseEntry,
  freeAddress,
  gatewayAddress,
  gatewayConnect,
  gatewayList,
  KeptLog,
  PING,
  startRegister,
  workerConnect,
} from '../../../test/links/register-kit.js';

afterEach(() => void vi.useRealTimers());

const ONE = gatewayAddress(1);
const TWO = gatewayAddress(2);
const THREE = gatewayAddress(3);

function follow(registers: readonly NodeAddress[], options: Partial<RegisterClientOptions> = {}) {
  const log = new KeptLog();
  const membership = new RegisterMembership({
    registers,
    secret: 's3cret',
    protocol: 'base',
    backoff: { minDelayMs: 2, maxDelayMs: 10 },
    log,
    ...options,
  });
  onTestFinished(() => membership.close());
  const lists: string[][] = [];
  membership.subscribe((gateways) => lists.push(gateways.map(({ address }) => formatAddress(address))));
  membership.start();
  return { membership, lists, log };
}

describe('a membership by registers of the base protocol', () => {
  it('knows nothing until the first list, and then that there is nobody', async () => {
    const register = await startRegister();
    const { membership, lists } = follow([register.address]);
    expect(membership.gateways).toBeUndefined();
    expect(membership.connectedRegisters).toBe(0);
    await until(() => lists.length === 1, 'a list is told');
    expect(membership.gateways).toEqual([]);
    expect(membership.connectedRegisters).toBe(1);
  });

  it('follows every change', async () => {
    const register = await startRegister();
    const { lists } = follow([register.address]);
    await until(() => lists.length === 1, 'the first list is told');
    await announcedGateway(register, ONE);
    const two = await announcedGateway(register, TWO);
    await until(() => lists.length === 3, 'both are told');
    two.socket.destroy();
    await until(() => lists.length === 4, 'the loss is told');
    expect(lists).toEqual([[], ['10.0.0.1:9108'], ['10.0.0.1:9108', '10.0.0.2:9108'], ['10.0.0.1:9108']]);
  });

  it('tells a late listener at once, and one that left nothing more', async () => {
    const register = await startRegister();
    await announcedGateway(register, ONE);
    const { membership, lists } = follow([register.address]);
    await until(() => lists.length === 1, 'the list is told');
    const late: (readonly GatewayEntry[])[] = [];
    const unsubscribe = membership.subscribe((gateways) => late.push(gateways));
    expect(late).toEqual([[baseEntry(ONE)]]);
    unsubscribe();
    await announcedGateway(register, TWO);
    await until(() => lists.length === 2, 'the change is told');
    expect(late).toHaveLength(1);
  });

  it('is not disturbed by a listener that throws', async () => {
    const register = await startRegister();
    const { membership, lists, log } = follow([register.address]);
    const problem = new Error('cannot dial');
    membership.subscribe(() => {
      throw problem;
    });
    const after: unknown[] = [];
    membership.subscribe((gateways) => after.push(gateways));
    await until(() => lists.length === 1, 'the first list is told');
    await announcedGateway(register, ONE);
    await until(() => after.length === 2, 'the listener behind it is told');
    expect(log.of('error')).toHaveLength(2);
    expect(log.facts).toContainEqual({ error: problem });
    expect(membership.connectedRegisters).toBe(1);
  });

  it('does not tell a list again that says the same', async () => {
    const { address, peers } = await listenRaw();
    const { lists } = follow([address]);
    await until(() => peers.length === 1, 'it has dialled');
    peers[0]!.write(
      gatewayList(ONE, TWO),
      PING,
      gatewayList(TWO, ONE),
      gatewayList(ONE, TWO, TWO),
      gatewayList(ONE),
    );
    await until(() => lists.at(-1)?.length === 1, 'the last list is told');
    expect(lists).toEqual([['10.0.0.1:9108', '10.0.0.2:9108'], ['10.0.0.1:9108']]);
  });

  it('is the union of what all registers know, and tells each gateway once', async () => {
    const [first, second] = [await startRegister(), await startRegister()];
    await announcedGateway(first, ONE);
    await announcedGateway(first, TWO);
    await announcedGateway(second, TWO);
    const three = await announcedGateway(second, THREE);
    const { membership } = follow([first.address, second.address, first.address]);
    await until(() => membership.gateways?.length === 3, 'all are known');
    expect(membership.connectedRegisters).toBe(2);
    expect(first.server.stats.workers).toBe(1);
    three.socket.destroy();
    await until(() => membership.gateways?.length === 2, 'the loss is known');
    expect(new Set(membership.gateways)).toEqual(new Set([baseEntry(ONE), baseEntry(TWO)]));
  });

  it('keeps the last list of a register that is down', async () => {
    const [first, second] = [await startRegister(), await startRegister()];
    await announcedGateway(first, ONE);
    await announcedGateway(second, TWO);
    const { membership, lists } = follow([first.address, second.address]);
    await until(() => membership.gateways?.length === 2, 'both are known');
    await first.server.close();
    await until(() => membership.connectedRegisters === 1, 'the register is gone');
    await announcedGateway(second, THREE);
    await until(() => membership.gateways?.length === 3, 'the new one is known');
    expect(lists.at(-1)).toEqual(['10.0.0.1:9108', '10.0.0.2:9108', '10.0.0.3:9108']);
  });

  it('comes back to a register that restarts, and takes its list as it is', async () => {
    const first = await startRegister();
    await announcedGateway(first, ONE);
    const { membership, lists, log } = follow([first.address]);
    await until(() => lists.length === 1, 'the list is told');
    await first.server.close();
    await until(() => membership.connectedRegisters === 0, 'the register is gone');
    expect(membership.gateways).toEqual([baseEntry(ONE)]);
    const again = await startRegister({ listen: formatAddress(first.address) });
    await until(() => lists.length === 2, 'the new list is told');
    await announcedGateway(again, ONE);
    await until(() => lists.length === 3, 'the gateway is back');
    expect(lists).toEqual([['10.0.0.1:9108'], [], ['10.0.0.1:9108']]);
    const name = `Register ${formatAddress(first.address)}`;
    expect(log.of('log')).toEqual([`log ${name} is connected`, `log ${name} is connected`]);
    expect(log.of('warn')[0]).toBe(
      `warn ${name} is lost, nodes that know each other go on; trying again. ${formatAddress(first.address)} closed the link`,
    );
  });

  it('waits for a register that starts later, and writes that down once', async () => {
    const address = await freeAddress();
    const { lists, log } = follow([address]);
    await until(() => log.lines.length === 1, 'the first failure is written down');
    // Some more attempts, which leave no trace in the log.
    await new Promise((resolve) => setTimeout(resolve, 60));
    await startRegister({ listen: formatAddress(address) });
    await until(() => lists.length === 1, 'the list is told');
    const name = `Register ${formatAddress(address)}`;
    expect(log.lines).toEqual([
      `warn ${name} cannot be reached; trying again. The link to ${formatAddress(address)} failed: connect ECONNREFUSED ${formatAddress(address)}`,
      `log ${name} is connected`,
    ]);
  });

  it('says once that the secret probably differs, however often it is refused', async () => {
    const register = await startRegister();
    const { membership, log } = follow([register.address], { secret: 'other' });
    await until(() => register.refused.length >= 5, 'it was refused five times');
    expect(new Set(register.refused)).toEqual(new Set(['wrongSecret']));
    expect(log.lines).toEqual([
      `error Register ${formatAddress(register.address)} closed the link right after we announced ourselves: ` +
        "the secret probably differs. Give every node the same one; the register's log tells the reason.",
    ]);
    expect(membership.gateways).toBeUndefined();
    expect(membership.connectedRegisters).toBe(0);
  });

  it('says it again after a minute, with how often it has happened', async () => {
    const register = await startRegister();
    vi.useFakeTimers({ toFake: ['Date'] });
    const { log } = follow([register.address], { secret: 'other' });
    await until(() => register.refused.length >= 3, 'it was refused three times');
    vi.setSystemTime(Date.now() + 60_000);
    await until(() => log.lines.length === 2, 'it is said again');
    expect(log.lines[1]).toMatch(/ \(and [1-9]\d* more like it since the last line\)$/);
  });

  it('gives up on what never answers, in connectTimeoutMs, and tries again', async () => {
    const { address, peers } = await listenRaw();
    const { log } = follow([address], { connectTimeoutMs: 20 });
    await until(() => peers.length >= 2, 'it has dialled again');
    await until(() => peers[0]!.received.length > 0, 'it was announced');
    expect(peers[0]!.received).toEqual(workerConnect());
    expect(log.lines[0]).toBe(
      `warn Register ${formatAddress(address)} cannot be reached; trying again. ` +
        `${formatAddress(address)} did not finish its handshake in 20 ms. Is it a Nestwire node of the right kind?`,
    );
  });

  it.each([
    ['announces itself to us', gatewayConnect(ONE), /it is a node, not a register/],
    ['sends an unknown code', frameOf(Uint8Array.of(21)), /No register message has the code 21/],
    ['sends a list that ends inside an address', frameOf(Uint8Array.of(3, 10, 0)), /announced/],
  ])('leaves a peer that %s', async (_what, bytes, logged) => {
    const { address, peers } = await listenRaw();
    const { membership, log } = follow([address]);
    await until(() => peers.length === 1, 'it has dialled');
    peers[0]!.write(bytes);
    await peers[0]!.ended();
    await until(() => log.lines.length > 0, 'it is written down');
    expect(log.lines[0]).toMatch(logged);
    expect(membership.gateways).toBeUndefined();
  });

  it('takes the list of a cluster with a thousand gateways', async () => {
    const { address, peers } = await listenRaw();
    const { membership } = follow([address]);
    const gateways = Array.from({ length: 1_000 }, (_, number) => ({ host: '10.0.0.1', port: 1 + number }));
    await until(() => peers.length === 1, 'it has dialled');
    peers[0]!.write(gatewayList(...gateways));
    await until(() => membership.gateways !== undefined, 'the list has arrived');
    expect(membership.gateways).toEqual(gateways.map(baseEntry));
  });

  it('pings every 30 s from the first list on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const { address, peers } = await listenRaw();
    const { membership } = follow([address]);
    await until(() => (peers[0]?.received.length ?? 0) > 0, 'it is announced');
    peers[0]!.write(gatewayList());
    await until(() => membership.connectedRegisters === 1, 'it is accepted');
    const expected = Buffer.concat([workerConnect(), PING, PING, PING]);
    for (let ping = 1; ping <= 3; ping++) {
      vi.advanceTimersByTime(29_999);
      vi.advanceTimersByTime(1);
      await peers[0]!.receivedBytes(workerConnect().length + ping * PING.length);
    }
    expect(peers[0]!.received).toEqual(expected);
    // Nobody is here to say goodbye to it while the timers are not real.
    peers[0]!.socket.destroy();
  });

  it('is closed when its links are gone, keeps its list, and may be closed again', async () => {
    const register = await startRegister();
    await announcedGateway(register, ONE);
    const { membership, lists } = follow([register.address, await freeAddress()]);
    await until(() => lists.length === 1, 'the list is told');
    await Promise.all([membership.close(), membership.close()]);
    expect(membership.connectedRegisters).toBe(0);
    expect(membership.gateways).toEqual([baseEntry(ONE)]);
    await until(() => register.server.stats.workers === 0, 'the register knows');
    await membership.close();
  });

  it.each([
    [
      { registers: [] },
      'Option "registerClient.registers" must name at least one register, such as 127.0.0.1:9327.',
    ],
    [
      { registers: [ONE], pingIntervalMs: 0 },
      'Option "registerClient.pingIntervalMs" must be a whole number from 1 to 2147483647, not 0.',
    ],
    [
      { registers: [ONE], backoff: { minDelayMs: 0 } },
      'Option "backoff.minDelayMs" must be a whole number from 1 to 2147483647, not 0.',
    ],
  ])('refuses %j', (options, message) => {
    expect(() => new RegisterMembership(options)).toThrow(InvalidOptionError);
    expect(() => new RegisterMembership(options)).toThrow(message);
  });

  it('works without a secret on loopback', async () => {
    const server = new RegisterServer({ listen: '127.0.0.1:0', protocol: 'base' });
    onTestFinished(() => server.close());
    const { lists } = follow([await server.listen()], { secret: '' });
    await until(() => lists.length === 1, 'the list is told');
  });
});
