import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { formatAddress, InvalidOptionError, type GatewayEntry, type NodeAddress } from '#protocol';
import { GatewayAnnouncer, RegisterMembership, type RegisterClientOptions } from '#register';
import { dialWithHandshake, listenForHandshakes, WORKER } from '../../../test/links/handshake-kit.js';
import { listenRaw, until } from '../../../test/links/link-kit.js';
import { freeAddress, KeptLog, startRegister } from '../../../test/links/register-kit.js';
import {
  entry,
  listedGateway,
  listedIds,
  provenWorker,
  ROSTER_PING,
  rosterFrame,
  startRosterRegister,
} from '../../../test/links/roster-kit.js';

afterEach(() => void vi.useRealTimers());

const ONE = entry(1, { zone: 'a', features: 3 });
const TWO = entry(2);
const THREE = entry(3);

type Given = Partial<RegisterClientOptions>;
const QUICK: Given = { secret: 's3cret', backoff: { minDelayMs: 2, maxDelayMs: 10 } };

function follow(registers: readonly NodeAddress[], options: Given = {}) {
  const log = new KeptLog();
  const membership = new RegisterMembership({ registers, ...QUICK, log, ...options });
  onTestFinished(() => membership.close());
  const lists: string[][] = [];
  membership.subscribe((gateways) => lists.push(gateways.map(({ id }) => id)));
  membership.start();
  return { membership, lists, log };
}

function announce(registers: readonly NodeAddress[], gateway: GatewayEntry = ONE, options: Given = {}) {
  const log = new KeptLog();
  const announcer = new GatewayAnnouncer({ registers, ...QUICK, log, ...gateway, ...options });
  onTestFinished(() => announcer.close());
  announcer.start();
  return { announcer, log };
}

describe('a gateway', () => {
  it.each(['10.0.0.5', 'fe80::1', 'gateway-1.example'])(
    'is announced at %s with all it says of itself',
    async (host) => {
      const registers = [await startRosterRegister(), await startRosterRegister()];
      const gateway = { ...ONE, address: { host, port: 9108 } };
      const { announcer, log } = announce(
        registers.map(({ address }) => address),
        gateway,
      );
      for (const { server } of registers) {
        await until(() => server.stats.gateways === 1, 'it is listed');
        expect(server.gateways).toEqual([gateway]);
      }
      expect(announcer.connectedRegisters).toBe(2);
      expect(log.of('log')).toHaveLength(2);
    },
  );

  it('is announced again to a register that restarts, and is taken off the list when it closes', async () => {
    const first = await startRosterRegister();
    const { announcer } = announce([first.address]);
    await until(() => first.server.stats.gateways === 1, 'it is listed');
    await first.server.close();
    const again = await startRosterRegister({ listen: formatAddress(first.address) });
    await until(() => again.server.stats.gateways === 1, 'it is listed again');
    const worker = await provenWorker(again);
    await announcer.close();
    await until(() => listedIds(worker).length === 2, 'the worker knows that it is gone');
    expect(listedIds(worker)).toEqual([[ONE.id], []]);
  });

  it.each([
    [
      { id: '' },
      'Option "gatewayAnnouncer.id" must be six bytes in lower-case hex, not all zero, and not "".',
    ],
    [{ id: '000000000000' }, 'Option "gatewayAnnouncer.id" must be six bytes'],
    [{ id: 'F0A1B2C3D4E5' }, 'Option "gatewayAnnouncer.id" must be six bytes'],
    [{ zone: 'z'.repeat(256) }, 'Option "gatewayAnnouncer.zone" must be at most 255 bytes long.'],
    [{ features: 2 ** 32 }, 'Option "gatewayAnnouncer.features" must be 32 bits'],
    [{ address: { host: '::', port: 1 } }, 'Option "advertise" must not be ::'],
    [{ address: { host: 'a b', port: 1 } }, 'Option "advertise" must be written as host:port'],
    [{ address: { host: 'a', port: 0 } }, 'Option "advertise" has port 0'],
  ])('may not say %j of itself', (wrong, problem) => {
    const create = (): unknown => new GatewayAnnouncer({ registers: [TWO.address], ...ONE, ...wrong });
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(problem);
  });
});

describe('a membership', () => {
  it('is the union of what all registers know, by id', async () => {
    const [first, second] = [await startRosterRegister(), await startRosterRegister()];
    await listedGateway(first, ONE);
    await listedGateway(first, TWO);
    await listedGateway(second, TWO);
    // At the address of another one that the second register has not missed yet.
    const restarted = entry(9, { address: ONE.address });
    const last = await listedGateway(second, restarted);
    const { membership } = follow([first.address, second.address]);
    await until(() => membership.gateways?.length === 3, 'all are known');
    expect(membership.gateways).toEqual([ONE, TWO, restarted]);
    last.socket.destroy();
    await until(() => membership.gateways?.length === 2, 'the loss is known');
  });

  it('is told again when a gateway says something else of itself', async () => {
    const register = await startRosterRegister();
    await listedGateway(register, ONE);
    const { membership, lists } = follow([register.address]);
    await until(() => lists.length === 1, 'the list is told');
    await listedGateway(register, { ...ONE, zone: 'b' });
    await until(() => lists.length === 2, 'the change is told');
    expect(membership.gateways).toEqual([{ ...ONE, zone: 'b' }]);
  });

  it('keeps what it knows while all registers are down, and goes on with whichever comes back', async () => {
    const registers = [await startRosterRegister(), await startRosterRegister()];
    await listedGateway(registers[0]!, ONE);
    await listedGateway(registers[1]!, TWO);
    const { membership, lists } = follow(registers.map(({ address }) => address));
    await until(() => membership.gateways?.length === 2, 'both are known');
    const told = lists.length;
    await Promise.all(registers.map(({ server }) => server.close()));
    await until(() => membership.connectedRegisters === 0, 'both registers are gone');
    expect(membership.gateways).toEqual([ONE, TWO]);
    expect(lists).toHaveLength(told);
    const again = await startRosterRegister({ listen: formatAddress(registers[1]!.address) });
    await until(() => membership.connectedRegisters === 1, 'one is back');
    await listedGateway(again, THREE);
    await until(
      () => membership.gateways?.some(({ id }) => id === THREE.id) === true,
      'the new one is known',
    );
    expect(membership.gateways).toEqual([ONE, THREE]);
  });

  it('says once and for certain that the secret differs', async () => {
    const register = await startRosterRegister();
    const { membership, log } = follow([register.address], { secret: 'other' });
    const { log: announced } = announce([register.address], ONE, { secret: 'other' });
    await until(() => register.refused.length >= 4, 'they were refused four times');
    const line =
      `error Register ${formatAddress(register.address)} refused this node: the secret differs. Give every node the same one; ` +
      'while it is being changed, every node a list of the new and the old one.';
    await until(() => log.lines.length > 0 && announced.lines.length > 0, 'it is written down');
    expect(log.lines).toEqual([line]);
    expect(announced.lines).toEqual([line]);
    const facts = {
      register: formatAddress(register.address),
      code: 'ERR_NESTWIRE_HANDSHAKE_REFUSED',
    };
    expect([...log.facts, ...announced.facts]).toEqual([facts, facts]);
    expect(membership.gateways).toBeUndefined();
    expect(membership.connectedRegisters).toBe(0);
    expect(membership.refusedBy).toEqual([register.address]);
  });

  it('is refused no more when it is let in, nor by a register that is gone', async () => {
    const strict = await startRosterRegister({ secret: 'other' });
    const { membership, log } = follow([strict.address]);
    await until(() => membership.refusedBy.length === 1, 'it is refused');
    await strict.server.close();
    await until(() => membership.refusedBy.length === 0, 'nobody refuses it');
    await until(() => log.facts.length === 2, 'the loss is written down');
    expect(log.facts[1]).toMatchObject({ code: 'ERR_NESTWIRE_LINK_CLOSED' });
    await startRosterRegister({ listen: formatAddress(strict.address) });
    await until(() => membership.connectedRegisters === 1, 'it is let in');
    expect(membership.refusedBy).toEqual([]);
  });

  it.each([
    [['new', 'old'], 'old'],
    [
      ['new', 'old'],
      ['old', 'new'],
    ],
    ['old', ['new', 'old']],
  ])(
    'gets through with %j to a register that knows %j, and makes no noise about it',
    async (ours, theirs) => {
      const register = await startRosterRegister({ secret: theirs });
      const { lists, log } = follow([register.address], { secret: ours });
      await until(() => lists.length === 1, 'the list is told');
      expect(log.lines).toEqual([`log Register ${formatAddress(register.address)} is connected`]);
    },
  );

  it('complains when none of its several secrets is right', async () => {
    const register = await startRosterRegister();
    const { log } = follow([register.address], { secret: ['a', 'b'] });
    await until(() => log.lines.length === 1, 'it is written down');
    await until(() => register.refused.length >= 2, 'both were tried');
    expect(log.lines[0]).toContain('refused this node: the secret differs');
  });

  it('says what is wrong when a gateway listens there', async () => {
    const { address } = await listenForHandshakes();
    const { log } = follow([address]);
    await until(() => log.lines.length === 1, 'it is written down');
    expect(log.lines[0]).toContain(
      `cannot be reached; trying again. ${formatAddress(address)} is a gateway, and a register was expected there.`,
    );
  });

  it('takes no list from who does not prove itself', async () => {
    const { address, peers } = await listenRaw();
    const { membership, log } = follow([address]);
    await until(() => (peers[0]?.frames.length ?? 0) === 1, 'it speaks first');
    peers[0]!.write(rosterFrame({ type: 'gatewayList', gateways: [ONE] }));
    await peers[0]!.ended();
    await until(() => log.lines.length === 1, 'it is written down');
    expect(log.lines[0]).toContain('sent the code 221 instead of its part of the handshake');
    expect(membership.gateways).toBeUndefined();
  });

  it('does not get through to a register of the base protocol', async () => {
    const register = await startRegister();
    const { membership, log } = follow([register.address]);
    await until(() => log.lines.length === 1, 'it is written down');
    expect(log.lines[0]).toContain(
      `Register ${formatAddress(register.address)} left in the middle of the handshake, as one in interop or of another release does`,
    );
    await until(() => register.refused.length > 0, 'the register has noticed');
    expect(register.refused[0]).toBe('unknownCode');
    expect(membership.connectedRegisters).toBe(0);
  });

  it('pings, and gives up a register that is silent, to dial it again', async () => {
    const { address, recorder } = await listenForHandshakes({ role: 'register', gatewayId: '' });
    const { membership, log } = follow([address], { pingIntervalMs: 20, silenceTimeoutMs: 200 });
    recorder.onWelcomed = (link) =>
      link.send((writer) => writer.bytes(rosterFrame({ type: 'gatewayList', gateways: [ONE] }).subarray(8)));
    await until(() => membership.connectedRegisters === 1, 'it has the list');
    await recorder.received(3);
    expect(recorder.frames.slice(0, 3)).toEqual(
      [ROSTER_PING, ROSTER_PING, ROSTER_PING].map((frame) => frame.subarray(8)),
    );
    await recorder.peer(1);
    expect(log.of('warn')[0]).toContain('is lost, nodes that know each other go on; trying again.');
    expect(log.of('warn')[0]).toContain('has sent nothing for 200 ms');
    expect(membership.gateways).toEqual([ONE]);
  });

  it('keeps the link to a register that answers', async () => {
    const register = await startRosterRegister();
    const { membership, log } = follow([register.address], { pingIntervalMs: 10, silenceTimeoutMs: 1_000 });
    await until(() => membership.connectedRegisters === 1, 'it has the list');
    const began = performance.now();
    await until(() => performance.now() - began > 1_500, 'it was silent long enough, had nobody answered');
    expect(membership.connectedRegisters).toBe(1);
    expect(log.of('warn')).toEqual([]);
  });

  it('answers the pings of a register', async () => {
    const { address, recorder } = await listenForHandshakes({ role: 'register', gatewayId: '' });
    recorder.onWelcomed = (link) => link.send((writer) => writer.bytes(ROSTER_PING.subarray(8)));
    follow([address]);
    await recorder.received(1);
    expect(recorder.frames[0]).toEqual(Buffer.from([209]));
  });

  it('must not wait for less than a ping takes to come', () => {
    const create = (): unknown =>
      new RegisterMembership({ registers: [ONE.address], pingIntervalMs: 1_000, silenceTimeoutMs: 1_000 });
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(
      'Option "registerClient.silenceTimeoutMs" must be above "pingIntervalMs", 1000, and not 1000',
    );
  });

  it('closes, also while a register cannot be reached', async () => {
    const register = await startRosterRegister();
    const { membership, lists } = follow([register.address, await freeAddress()]);
    await until(() => lists.length === 1, 'the list is told');
    await Promise.all([membership.close(), membership.close()]);
    expect(membership.connectedRegisters).toBe(0);
    await until(() => register.server.stats.workers === 0, 'the register knows');
  });
});

describe('what is not a member', () => {
  it('gets no list from a register by dialling it with another role', async () => {
    const register = await startRosterRegister();
    const { recorder } = dialWithHandshake(register.address, { role: 'register', name: WORKER.name });
    expect(await recorder.closing()).toMatchObject({ refusal: 'role' });
    expect(recorder.frames).toEqual([]);
  });
});
