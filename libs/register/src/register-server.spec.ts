import { afterEach, describe, expect, it, vi } from 'vitest';
import { ListenError } from '#link';
import { RegisterServer } from '#register';
import { RawPeer, until } from '../../../test/links/link-kit.js';
import {
  announcedGateway,
  announcedWorker,
  baseEntry,
  gatewayAddress,
  gatewayConnect,
  gatewayList,
  PING,
  startRegister,
  workerConnect,
} from '../../../test/links/register-kit.js';

function useFakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
}
afterEach(() => void vi.useRealTimers());

const ONE = gatewayAddress(1);
const TWO = gatewayAddress(2);

describe('a register of the base protocol', () => {
  it('tells its address, and that a port is taken', async () => {
    const { server, address, log } = await startRegister();
    expect(server.address).toEqual(address);
    expect(address.port).toBeGreaterThan(0);
    expect(log.lines).toEqual([`log Register listens on 127.0.0.1:${address.port}`]);
    const second = new RegisterServer({ listen: `127.0.0.1:${address.port}` });
    await expect(second.listen()).rejects.toBeInstanceOf(ListenError);
    expect(second.address).toBeUndefined();
  });

  it('sends a worker the list at once, empty while there is no gateway', async () => {
    const register = await startRegister();
    const worker = await announcedWorker(register);
    expect(worker.received).toEqual(gatewayList());
    expect(register.server.stats).toEqual({ gateways: 0, workers: 1, pending: 0, listsSent: 1, refused: {} });
  });

  it('sends every worker the full list when a gateway comes and when one goes', async () => {
    const register = await startRegister();
    const workers = [await announcedWorker(register), await announcedWorker(register)];
    await announcedGateway(register, ONE);
    const two = await announcedGateway(register, TWO);
    const soFar = Buffer.concat([gatewayList(), gatewayList(ONE), gatewayList(ONE, TWO)]);
    for (const worker of workers) expect(await worker.receivedBytes(soFar.length)).toEqual(soFar);
    two.socket.end();
    await two.closed();
    const all = Buffer.concat([soFar, gatewayList(ONE)]);
    for (const worker of workers) expect(await worker.receivedBytes(all.length)).toEqual(all);
    expect(register.lists).toEqual([
      ['10.0.0.1:9108'],
      ['10.0.0.1:9108', '10.0.0.2:9108'],
      ['10.0.0.1:9108'],
    ]);
    expect(register.server.stats).toEqual({ gateways: 1, workers: 2, pending: 0, listsSent: 8, refused: {} });
  });

  it('sends gateways nothing', async () => {
    const register = await startRegister();
    const gateway = await announcedGateway(register, ONE);
    await announcedGateway(register, TWO);
    await announcedWorker(register);
    await register.server.close();
    await gateway.ended();
    expect(gateway.received).toHaveLength(0);
  });

  it('sends one list for all changes of a turn', async () => {
    const register = await startRegister();
    const worker = await announcedWorker(register);
    const gateways = await Promise.all(
      Array.from({ length: 20 }, (_, number) => announcedGateway(register, gatewayAddress(number + 1))),
    );
    await until(() => worker.frames.at(-1)?.length === 1 + 20 * 6, 'the worker knows all gateways');
    const before = register.server.stats.listsSent;
    // All in one turn of the event loop, as when a switch fails: the ends are found one after another in it.
    for (const gateway of gateways) gateway.socket.resetAndDestroy();
    await until(() => worker.frames.at(-1)?.length === 1, 'the worker knows that none is left');
    expect(register.lists).toHaveLength(40);
    expect(register.server.stats.listsSent - before).toBeLessThan(20);
  });

  it('lists a gateway once, until the last link that announces it is gone', async () => {
    const register = await startRegister();
    const worker = await announcedWorker(register);
    const old = await announcedGateway(register, ONE);
    const back = await announcedGateway(register, ONE);
    expect(register.server.gateways).toEqual([baseEntry(ONE)]);
    old.socket.destroy();
    await announcedGateway(register, TWO);
    back.socket.destroy();
    const all = Buffer.concat([gatewayList(), gatewayList(ONE), gatewayList(ONE, TWO), gatewayList(TWO)]);
    expect(await worker.receivedBytes(all.length)).toEqual(all);
  });

  it('keeps two gateways of one host apart by their ports', async () => {
    const register = await startRegister();
    await announcedGateway(register, { host: '10.0.0.1', port: 9108 });
    await announcedGateway(register, { host: '10.0.0.1', port: 9109 });
    expect(register.server.stats.gateways).toBe(2);
  });

  it('sends a worker that is gone nothing more, and goes on with the others', async () => {
    const register = await startRegister();
    const [leaver, stayer] = [await announcedWorker(register), await announcedWorker(register)];
    leaver.socket.destroy();
    await until(() => register.server.stats.workers === 1, 'the worker is gone');
    await announcedGateway(register, ONE);
    await stayer.receivedBytes(gatewayList().length + gatewayList(ONE).length);
    expect(register.server.stats.listsSent).toBe(3);
  });

  it('closes a link that was silent for 60 s, and takes its gateway off the list', async () => {
    const register = await startRegister();
    useFakeTimers();
    const gateway = await announcedGateway(register, ONE);
    const worker = await announcedWorker(register);
    vi.advanceTimersByTime(30_000);
    worker.write(PING);
    // A ping changes nothing that could be awaited: that a gateway announced behind it is listed shows that it was read.
    await announcedGateway(register, TWO);
    vi.advanceTimersByTime(29_999);
    expect(register.refused).toEqual([]);
    vi.advanceTimersByTime(1);
    await gateway.ended();
    const lists = Buffer.concat([gatewayList(ONE), gatewayList(ONE, TWO), gatewayList(TWO)]);
    expect(await worker.receivedBytes(lists.length)).toEqual(lists);
    expect(register.server.stats).toMatchObject({ gateways: 1, workers: 1, refused: { silent: 1 } });
    vi.advanceTimersByTime(30_000);
    await worker.ended();
    await until(() => register.refused.length === 3, 'all are silent now');
    expect(register.server.stats).toMatchObject({ gateways: 0, workers: 0, refused: { silent: 3 } });
  });

  it('never closes a silent link when the option is 0', async () => {
    const register = await startRegister({ silenceTimeoutMs: 0 });
    useFakeTimers();
    await announcedGateway(register, ONE);
    vi.advanceTimersByTime(86_400_000);
    const worker = await announcedWorker(register);
    expect(worker.received).toEqual(gatewayList(ONE));
  });

  it('closes all links when it is closed, and takes no more', async () => {
    const register = await startRegister();
    const peers = [
      await announcedGateway(register, ONE),
      await announcedWorker(register),
      await RawPeer.dial(register.address),
    ];
    for (const peer of peers) peer.socket.on('end', () => peer.socket.end());
    await Promise.all([register.server.close(), register.server.close()]);
    for (const peer of peers) await peer.closed();
    expect(register.server.stats).toMatchObject({ gateways: 0, workers: 0, pending: 0, refused: {} });
    await expect(RawPeer.dial(register.address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('takes announcements that arrive byte by byte', async () => {
    const register = await startRegister();
    const worker = await RawPeer.dial(register.address);
    worker.socket.setNoDelay(true);
    for (const byte of workerConnect()) {
      worker.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await worker.receivedBytes(9)).toEqual(gatewayList());
  });

  it('takes a ping before the announcement as well', async () => {
    const register = await startRegister();
    const gateway = await RawPeer.dial(register.address);
    gateway.write(PING, gatewayConnect(ONE), PING);
    await until(() => register.server.stats.gateways === 1, 'the gateway is listed');
    expect(register.refused).toEqual([]);
  });
});
