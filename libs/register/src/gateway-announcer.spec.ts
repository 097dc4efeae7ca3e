import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { formatAddress, InvalidOptionError, type NodeAddress } from '#protocol';
import { GatewayAnnouncer, type RegisterClientOptions } from '#register';
import { until } from '../../../test/links/link-kit.js';
import {
  announcedWorker,
  baseEntry,
  gatewayAddress,
  KeptLog,
  startRegister,
} from '../../../test/links/register-kit.js';

afterEach(() => void vi.useRealTimers());

const ONE = gatewayAddress(1);

function announce(
  registers: readonly NodeAddress[],
  options: Partial<RegisterClientOptions> & { readonly address?: NodeAddress } = {},
) {
  const log = new KeptLog();
  const announcer = new GatewayAnnouncer({
    registers,
    secret: 's3cret',
    protocol: 'base',
    address: ONE,
    backoff: { minDelayMs: 2, maxDelayMs: 10 },
    log,
    ...options,
  });
  onTestFinished(() => announcer.close());
  announcer.start();
  return { announcer, log };
}

describe('a gateway in the base protocol', () => {
  it('is announced to all registers', async () => {
    const registers = [await startRegister(), await startRegister()];
    const { announcer } = announce(registers.map(({ address }) => address));
    for (const { server } of registers) await until(() => server.stats.gateways === 1, 'it is listed');
    expect(registers.map(({ server }) => server.gateways)).toEqual([[baseEntry(ONE)], [baseEntry(ONE)]]);
    expect(announcer.connectedRegisters).toBe(2);
  });

  it('is announced again to a register that restarts', async () => {
    const first = await startRegister();
    const { announcer, log } = announce([first.address]);
    await until(() => first.server.stats.gateways === 1, 'it is listed');
    await first.server.close();
    await until(() => announcer.connectedRegisters === 0, 'the loss is known');
    const again = await startRegister({ listen: formatAddress(first.address) });
    await until(() => again.server.stats.gateways === 1, 'it is listed again');
    expect(log.of('error').length + log.of('warn').length).toBeGreaterThan(0);
  });

  it('is taken off the list when it closes', async () => {
    const register = await startRegister();
    const worker = await announcedWorker(register);
    const { announcer } = announce([register.address]);
    await until(() => worker.frames.length === 2, 'the worker knows it');
    await Promise.all([announcer.close(), announcer.close()]);
    expect(announcer.connectedRegisters).toBe(0);
    await until(() => worker.frames.length === 3, 'the worker knows that it is gone');
    expect(worker.frames.map((frame) => frame.length)).toEqual([1, 7, 1]);
  });

  it('says once that the secret probably differs when its link is closed right away', async () => {
    const register = await startRegister();
    const { announcer, log } = announce([register.address], { secret: 'other' });
    await until(() => register.refused.length >= 3, 'it was refused three times');
    await announcer.close();
    expect(log.lines).toEqual([
      `error Register ${formatAddress(register.address)} closed the link right after we announced ourselves: ` +
        "the secret probably differs. Give every node the same one; the register's log tells the reason.",
    ]);
  });

  it('says that it is connected when the register has kept the link for 1 s, and of a later end that it is lost', async () => {
    const register = await startRegister();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const { log } = announce([register.address]);
    await until(() => register.server.stats.gateways === 1, 'it is listed');
    vi.advanceTimersByTime(999);
    expect(log.lines).toEqual([]);
    vi.advanceTimersByTime(1);
    const name = `Register ${formatAddress(register.address)}`;
    expect(log.lines).toEqual([`log ${name} is connected`]);
    await register.server.close();
    await until(() => log.lines.length === 2, 'the loss is written down');
    expect(log.lines[1]).toContain(`warn ${name} is lost, nodes that know each other go on; trying again.`);
  });

  it.each([
    [{ host: 'gateway', port: 9108 }, 'must have an IPv4 address for its host'],
    [{ host: '::1', port: 9108 }, 'must have an IPv4 address for its host'],
    [{ host: '0.0.0.0', port: 9108 }, 'must not be 0.0.0.0, where no other node can connect'],
    [{ host: '10.0.0.5', port: 0 }, 'has port 0, where nobody can connect'],
    [{ host: '10.0.0.5', port: 70_000 }, 'has the port 70000'],
  ])('may not advertise %j', (address, problem) => {
    const create = (): GatewayAnnouncer =>
      new GatewayAnnouncer({ registers: [ONE], secret: '', protocol: 'base', address });
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(`Option "advertise" ${problem}`);
  });
});
