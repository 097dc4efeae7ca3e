import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeFrame } from '#protocol';
import type { RefusalReason } from '#register';
import { frameOf, RawPeer, until } from '../../../test/links/link-kit.js';
import {
  announcedGateway,
  announcedWorker,
  gatewayAddress,
  gatewayConnect,
  gatewayList,
  PING,
  startRegister,
  workerConnect,
} from '../../../test/links/register-kit.js';

afterEach(() => void vi.useRealTimers());

const ONE = gatewayAddress(1);
const TWO = gatewayAddress(2);

function damaged(frame: Buffer): Buffer {
  const bytes = Buffer.from(frame);
  bytes.writeUInt8(bytes.readUInt8(4) ^ 1, 4);
  return bytes;
}

const REFUSED: readonly (readonly [what: string, bytes: Buffer, reason: RefusalReason, logged: RegExp])[] = [
  ['a gateway with a wrong secret', gatewayConnect(ONE, 's3creT'), 'wrongSecret', /another secret/],
  ['a worker with a wrong secret', workerConnect('s3cret2'), 'wrongSecret', /another secret/],
  ['a worker without a secret', workerConnect(''), 'wrongSecret', /another secret/],
  [
    'a worker with a secret of 4,087 bytes',
    workerConnect('x'.repeat(4_087)),
    'wrongSecret',
    /another secret/,
  ],
  ['an unknown code', frameOf(Uint8Array.of(4)), 'unknownCode', /no node sends to a register/],
  ['a code of our extension', frameOf(Uint8Array.of(200)), 'unknownCode', /no node sends to a register/],
  ['an empty payload', encodeFrame(() => undefined), 'malformed', /cut short or too long/],
  ['an announcement without an address', frameOf(Uint8Array.of(1, 10, 0)), 'malformed', /cut short/],
  ['a ping that is too long', frameOf(Uint8Array.of(0, 0)), 'malformed', /cut short or too long/],
  ['a gateway list', gatewayList(ONE), 'unexpectedMessage', /does not send to a register/],
  ['a gateway at 0.0.0.0', gatewayConnect({ host: '0.0.0.0', port: 1 }), 'unreachableAddress', /advertise/],
  ['a gateway at port 0', gatewayConnect({ host: '10.0.0.1', port: 0 }), 'unreachableAddress', /advertise/],
  ['a frame over 4 KiB', workerConnect('x'.repeat(4_088)), 'badFrame', /announces 4097 bytes/],
  ['a length under 8', Buffer.from('0000000700000000', 'hex'), 'badFrame', /announces 7 bytes/],
  ['a wrong checksum', damaged(workerConnect()), 'badFrame', /checksum/],
  [
    'a web browser',
    Buffer.from('GET / HTTP/1.1\r\nHost: register\r\n\r\n'),
    'badFrame',
    /Is it a Nestwire node/,
  ],
];

describe('a register closes the link of', () => {
  it.each(REFUSED)('%s', async (_what, bytes, reason, logged) => {
    const register = await startRegister();
    const worker = await announcedWorker(register);
    const stranger = await RawPeer.dial(register.address);
    stranger.write(bytes);
    await stranger.ended();
    expect(stranger.received).toHaveLength(0);
    await until(() => register.refused.length === 1, 'the refusal is told');
    expect(register.refused).toEqual([reason]);
    expect(register.server.stats).toMatchObject({
      gateways: 0,
      workers: 1,
      pending: 0,
      refused: { [reason]: 1 },
    });
    const [line] = register.log.of('warn');
    expect(line).toMatch(logged);
    expect(line).toContain(`Closed the link to 127.0.0.1:${stranger.socket.localPort}: `);
    expect(register.log.lines.join()).not.toContain('s3cret');
    // Nobody else has noticed.
    await announcedGateway(register, TWO);
    await worker.receivedBytes(gatewayList().length + gatewayList(TWO).length);
  });

  it('whoever announces nothing in 3 s, pings or not', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const register = await startRegister();
    const [quiet, pinging] = [await RawPeer.dial(register.address), await RawPeer.dial(register.address)];
    await until(() => register.server.stats.pending === 2, 'both are connected');
    vi.advanceTimersByTime(2_999);
    pinging.write(PING);
    const late = await announcedWorker(register);
    expect(register.refused).toEqual([]);
    vi.advanceTimersByTime(1);
    await quiet.ended();
    await pinging.ended();
    expect(register.refused).toEqual(['nothingAnnounced', 'nothingAnnounced']);
    expect(late.hasEnded).toBe(false);
  });

  it.each([
    ['a gateway that announces itself again', gatewayConnect(ONE), gatewayConnect(ONE)],
    ['a gateway that announces another address', gatewayConnect(ONE), gatewayConnect(TWO)],
    ['a gateway that becomes a worker', gatewayConnect(ONE), workerConnect()],
    ['a worker that announces itself again', workerConnect(), workerConnect()],
    ['a worker that becomes a gateway', workerConnect(), gatewayConnect(ONE)],
  ])('%s', async (_what, first, second) => {
    const register = await startRegister();
    const peer = await RawPeer.dial(register.address);
    peer.write(first, second);
    await peer.ended();
    await until(() => register.refused.length === 1, 'the refusal is told');
    expect(register.refused).toEqual(['announcedTwice']);
    expect(register.server.stats).toMatchObject({ gateways: 0, workers: 0 });
  });

  it('a node that begins a message after its announcement and does not go on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const register = await startRegister();
    const gateway = await announcedGateway(register, ONE);
    gateway.write(PING, PING.subarray(0, 3));
    // The register reads its sockets in turn: when it knows the other, it has read this one.
    await announcedGateway(register, TWO);
    vi.advanceTimersByTime(10_000);
    await gateway.ended();
    await until(() => register.refused.length === 1, 'the refusal is told');
    expect(register.refused).toEqual(['unfinished']);
  });

  it('a node that sends more than 4 KiB in a frame after its announcement', async () => {
    const register = await startRegister();
    const gateway = await announcedGateway(register, ONE);
    gateway.write(Buffer.from('0000100100000000', 'hex'));
    await gateway.ended();
    await until(() => register.refused.length === 1, 'the refusal is told');
    expect(register.refused).toEqual(['badFrame']);
  });

  it('whoever comes when maxLinks are there, and takes the next when one has gone', async () => {
    const register = await startRegister({ maxLinks: 1 });
    const first = await announcedWorker(register);
    const second = await RawPeer.dial(register.address);
    await second.ended();
    expect(register.refused).toEqual(['tooManyLinks']);
    first.socket.destroy();
    await until(() => register.server.stats.workers === 0, 'the first has gone');
    await announcedWorker(register);
  });
});

describe('refusals', () => {
  it('are all counted, and logged once in 10 s for each reason', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const register = await startRegister();
    const intrude = async (bytes: Buffer): Promise<void> => {
      const peer = await RawPeer.dial(register.address);
      peer.write(bytes);
      await peer.ended();
    };
    for (let attempt = 0; attempt < 5; attempt++) await intrude(workerConnect('guess'));
    await intrude(frameOf(Uint8Array.of(9)));
    await until(() => register.refused.length === 6, 'all are told');
    expect(register.log.of('warn')).toHaveLength(2);
    expect(register.log.facts.at(-1)).toMatchObject({ reason: 'unknownCode' });
    vi.setSystemTime(Date.now() + 10_000);
    await intrude(workerConnect('guess'));
    await until(() => register.refused.length === 7, 'it is told');
    expect(register.log.of('warn').at(-1)).toContain('(and 4 more like it since the last line)');
    expect(register.server.stats.refused).toEqual({ wrongSecret: 6, unknownCode: 1 });
  });

  it('are not what a peer is counted for that only looks whether the port is open', async () => {
    const register = await startRegister();
    const probe = await RawPeer.dial(register.address);
    await until(() => register.server.stats.pending === 1, 'it is connected');
    probe.socket.destroy();
    await until(() => register.server.stats.pending === 0, 'it is gone');
    expect(register.server.stats.refused).toEqual({});
    expect(register.log.of('warn')).toEqual([]);
  });
});
