import { afterEach, describe, expect, it, vi } from 'vitest';
import { RawPeer, until } from '../../../test/links/link-kit.js';
import {
  entry,
  listedGateway,
  listedIds,
  proven,
  provenWorker,
  ROSTER_PING,
  rosterFrame,
  startRosterRegister,
  told,
} from '../../../test/links/roster-kit.js';
import { GATEWAY, SECRET, WORKER } from '../../../test/links/handshake-kit.js';

afterEach(() => void vi.useRealTimers());

const ONE = entry(1, { zone: 'rack 1 – Süd', features: 0xffff_ffff });
const TWO = entry(2, { address: { host: 'gateway-2.example', port: 1 } });
const THREE = entry(3, { address: { host: 'fe80::1', port: 65_535 } });

describe('a register', () => {
  it('tells a worker the list at once, and at every change, with all that gateways say of themselves', async () => {
    const register = await startRosterRegister();
    const worker = await provenWorker(register);
    await listedGateway(register, ONE);
    await listedGateway(register, TWO);
    const three = await listedGateway(register, THREE);
    three.socket.destroy();
    await until(() => told(worker).length === 5, 'all changes are told');
    expect(told(worker)).toEqual(
      [[], [ONE], [ONE, TWO], [ONE, TWO, THREE], [ONE, TWO]].map((gateways) => ({
        type: 'gatewayList',
        gateways,
      })),
    );
    expect(told(await provenWorker(register))).toEqual([{ type: 'gatewayList', gateways: [ONE, TWO] }]);
    expect(register.server.gateways).toEqual([ONE, TWO]);
    expect(register.lists).toEqual([
      ['10.0.0.1:9108'],
      ['10.0.0.1:9108', 'gateway-2.example:1'],
      ['10.0.0.1:9108', 'gateway-2.example:1', '[fe80::1]:65535'],
      ['10.0.0.1:9108', 'gateway-2.example:1'],
    ]);
  });

  it('proves itself, and says its name, its session and nothing of the secret', async () => {
    const register = await startRosterRegister();
    const worker = await provenWorker(register);
    const ready = worker.frames[1]!;
    expect(ready[0]).toBe(243);
    expect(ready[1]).toBe(2);
    expect(ready.includes('register 1')).toBe(true);
    expect(worker.received.includes(SECRET)).toBe(false);
    expect(register.log.lines.join()).not.toContain(SECRET);
    expect(register.log.lines.at(-1)).toContain(
      `Worker worker 1 (127.0.0.1:${worker.socket.localPort}) is there`,
    );
  });

  it('sends gateways no lists', async () => {
    const register = await startRosterRegister();
    const gateway = await listedGateway(register, ONE);
    const worker = await provenWorker(register);
    await listedGateway(register, TWO);
    await until(() => told(worker).length === 2, 'the worker knows the second');
    gateway.write(ROSTER_PING);
    await until(() => told(gateway).length === 2, 'it was read');
    expect(told(gateway)).toEqual([{ type: 'pong' }, { type: 'pong' }]);
  });

  it('sends one list for all changes of a turn', async () => {
    const register = await startRosterRegister();
    const worker = await provenWorker(register);
    const gateways = await Promise.all(
      Array.from({ length: 20 }, (_, number) => listedGateway(register, entry(number))),
    );
    await until(() => listedIds(worker).at(-1)?.length === 20, 'the worker knows all');
    const before = register.server.stats.listsSent;
    for (const gateway of gateways) gateway.socket.resetAndDestroy();
    await until(() => listedIds(worker).at(-1)?.length === 0, 'the worker knows that none is left');
    expect(register.lists).toHaveLength(40);
    expect(register.server.stats.listsSent - before).toBeLessThan(20);
  });

  it('lists an id once, as the newest link says, until the last link that announces it is gone', async () => {
    const register = await startRosterRegister();
    const worker = await provenWorker(register);
    const old = await listedGateway(register, ONE);
    const moved = { ...ONE, zone: 'rack 2' };
    const back = await listedGateway(register, moved);
    await listedGateway(register, { ...ONE, zone: 'rack 2' });
    expect(register.server.gateways).toEqual([moved]);
    old.socket.destroy();
    back.socket.destroy();
    await listedGateway(register, TWO);
    await until(() => listedIds(worker).at(-1)?.length === 2, 'the worker knows the other one');
    expect(register.server.stats.gateways).toBe(2);
    expect(told(worker)).toEqual(
      [[], [ONE], [moved], [moved, TWO]].map((gateways) => ({ type: 'gatewayList', gateways })),
    );
  });

  it('tells what an older link said when the newer one goes first', async () => {
    const register = await startRosterRegister();
    const worker = await provenWorker(register);
    await listedGateway(register, ONE);
    const moved = { ...ONE, zone: 'rack 2' };
    const back = await listedGateway(register, moved);
    back.socket.destroy();
    await until(() => told(worker).length === 4, 'the worker knows');
    expect(told(worker).at(-1)).toEqual({ type: 'gatewayList', gateways: [ONE] });
  });

  it('lists a gateway that restarted at its address beside its former life, until the old link is gone', async () => {
    const register = await startRosterRegister();
    const worker = await provenWorker(register);
    const old = await listedGateway(register, ONE);
    const restarted = entry(9, { address: ONE.address });
    await listedGateway(register, restarted);
    await until(() => listedIds(worker).length === 3, 'the worker knows both');
    expect(listedIds(worker).at(-1)).toEqual([ONE.id, restarted.id]);
    old.socket.destroy();
    await until(() => listedIds(worker).length === 4, 'the worker knows that the old one is gone');
    expect(listedIds(worker).at(-1)).toEqual([restarted.id]);
  });

  it('answers pings of either side of the house, and takes pongs', async () => {
    const register = await startRosterRegister();
    const worker = await provenWorker(register);
    worker.write(rosterFrame({ type: 'pong' }), ROSTER_PING, ROSTER_PING);
    await until(() => told(worker).length === 3, 'both are answered');
    expect(told(worker).slice(1)).toEqual([{ type: 'pong' }, { type: 'pong' }]);
  });

  it('closes a link that was silent for 60 s, and takes its gateway off the list', async () => {
    const register = await startRosterRegister();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const gateway = await listedGateway(register, ONE);
    const worker = await provenWorker(register);
    vi.advanceTimersByTime(30_000);
    worker.write(ROSTER_PING);
    await until(() => told(worker).length === 2, 'the ping is answered');
    vi.advanceTimersByTime(29_999);
    expect(register.refused).toEqual([]);
    vi.advanceTimersByTime(1);
    await gateway.ended();
    await until(() => listedIds(worker).length === 2, 'the worker is told');
    expect(listedIds(worker)).toEqual([[ONE.id], []]);
    expect(register.server.stats).toMatchObject({ gateways: 0, workers: 1, refused: { silent: 1 } });
  });

  it('counts a gateway that is proven and has not announced itself as pending, and lists it when it does', async () => {
    const register = await startRosterRegister();
    const gateway = await proven(register, { ...GATEWAY, gatewayId: ONE.id });
    expect(register.server.stats).toMatchObject({ gateways: 0, workers: 0, pending: 1 });
    gateway.write(rosterFrame({ type: 'announce', gateway: ONE }));
    await until(() => register.server.stats.gateways === 1, 'it is listed');
    expect(register.server.stats.pending).toBe(0);
  });

  it('closes all links when it is closed', async () => {
    const register = await startRosterRegister();
    const peers = [
      await listedGateway(register, ONE),
      await provenWorker(register),
      await proven(register, { ...WORKER, name: '' }),
      await RawPeer.dial(register.address),
    ];
    for (const peer of peers) peer.socket.on('end', () => peer.socket.end());
    await register.server.close();
    for (const peer of peers) await peer.closed();
    expect(register.server.stats).toMatchObject({ gateways: 0, workers: 0, pending: 0, refused: {} });
  });
});
