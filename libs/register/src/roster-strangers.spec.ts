import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { PeerIdentity } from '#link';
import type { GatewayEntry, NodeAddress } from '#protocol';
import { GatewayAnnouncer, type RefusalReason } from '#register';
import { ByHand, DIALER_SESSION, GATEWAY, WORKER } from '../../../test/links/handshake-kit.js';
import { RawPeer, until } from '../../../test/links/link-kit.js';
import { gatewayAddress, gatewayConnect, PING, workerConnect } from '../../../test/links/register-kit.js';
import {
  asGateway,
  entry,
  listedGateway,
  listedIds,
  proven,
  provenWorker,
  ROSTER_PING,
  rosterFrame,
  startRosterRegister,
} from '../../../test/links/roster-kit.js';

afterEach(() => void vi.useRealTimers());

const ONE = entry(1);
const NONCE = Buffer.alloc(16, 7);
const announce = (gateway = ONE): Buffer => rosterFrame({ type: 'announce', gateway });

/** A gateway of ours, until the test is over. */
function announceAlways(register: NodeAddress, gateway: GatewayEntry): void {
  const announcer = new GatewayAnnouncer({ registers: [register], secret: 's3cret', ...gateway });
  onTestFinished(() => announcer.close());
  announcer.start();
}

describe('a register closes the link of a stranger, without a word, who sends', () => {
  it.each<[string, Buffer, RefusalReason]>([
    [
      'the announcement of a gateway in the base protocol, secret and all',
      gatewayConnect(gatewayAddress(1)),
      'unknownCode',
    ],
    ['that of a worker', workerConnect(), 'unknownCode'],
    ['a ping of the base protocol', PING, 'unknownCode'],
    ['an announcement before its handshake', announce(), 'unknownCode'],
    ['a ping before its handshake', ROSTER_PING, 'unknownCode'],
    ['a frame over 4 KiB', Buffer.from('0000100100000000', 'hex'), 'badFrame'],
    ['what a web browser does', Buffer.from('GET / HTTP/1.1\r\nHost: register\r\n\r\n'), 'badFrame'],
  ])('%s', async (_what, bytes, reason) => {
    const register = await startRosterRegister();
    const worker = await provenWorker(register);
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
    expect(register.log.lines.join()).not.toContain('s3cret');
    await listedGateway(register, ONE);
    await until(() => listedIds(worker).length === 2, 'nobody else has noticed');
  });
});

describe('a register refuses', () => {
  async function refusedAs(identity: PeerIdentity, secret: string) {
    const register = await startRosterRegister();
    const peer = await RawPeer.dial(register.address);
    const hand = new ByHand(secret);
    peer.send(hand.opening('hello', NONCE));
    await until(() => peer.frames.length === 1, 'the challenge has come');
    hand.heard(peer.frames[0]!);
    peer.send(hand.introduction('auth', identity));
    await peer.ended();
    peer.socket.end();
    await until(() => register.refused.length === 1, 'the refusal is told');
    expect(register.server.stats).toMatchObject({ gateways: 0, workers: 0, pending: 0 });
    return { peer, register };
  }

  it('a node with another secret, and is certain of it', async () => {
    const { peer, register } = await refusedAs(WORKER, 'guess');
    expect(peer.frames[1]).toEqual(ByHand.refused('unproven', 'the secret differs'));
    expect(register.refused).toEqual(['wrongSecret']);
    expect(register.log.of('warn')).toEqual([
      `warn Closed the link to 127.0.0.1:${register.log.facts.at(-1)?.['peer']?.toString().split(':')[1]}: ` +
        'it has another secret. Give every node the same one. While the secret is being changed this is expected, until ' +
        'every node has the list of the new and the old one.',
    ]);
    expect(register.log.facts.at(-1)).toMatchObject({
      reason: 'wrongSecret',
      code: 'ERR_NESTWIRE_PEER_REFUSED',
    });
  });

  it('another register', async () => {
    const { register } = await refusedAs({ ...WORKER, role: 'register' }, 's3cret');
    expect(register.refused).toEqual(['wrongRole']);
    expect(register.log.of('warn')[0]).toContain('a register does not dial a register');
  });

  it('a node of another version, and says which one it speaks', async () => {
    const register = await startRosterRegister();
    const peer = await RawPeer.dial(register.address);
    peer.send(new ByHand().opening('hello', NONCE, 9));
    await peer.ended();
    peer.socket.end();
    await until(() => register.refused.length === 1, 'the refusal is told');
    expect(register.refused).toEqual(['otherVersion']);
    expect(register.log.of('warn')[0]).toContain(
      'it speaks version 9 of the handshake, and this node version 1',
    );
  });
});

describe('a register closes the link of', () => {
  const cases: [string, PeerIdentity, Buffer, RefusalReason][] = [
    ['a gateway that announces another id than its own', asGateway(entry(2)), announce(), 'wrongId'],
    [
      'a gateway that announces itself twice',
      asGateway(ONE),
      Buffer.concat([announce(), announce()]),
      'announcedTwice',
    ],
    ['a worker that announces a gateway', WORKER, announce(), 'announcedTwice'],
    [
      'a node that sends a list',
      WORKER,
      rosterFrame({ type: 'gatewayList', gateways: [ONE] }),
      'unexpectedMessage',
    ],
    [
      'a gateway at port 0',
      asGateway(ONE),
      announce({ ...ONE, address: { host: '10.0.0.1', port: 0 } }),
      'unreachableAddress',
    ],
    [
      'a gateway at 0.0.0.0',
      asGateway(ONE),
      announce({ ...ONE, address: { host: '0.0.0.0', port: 1 } }),
      'unreachableAddress',
    ],
    [
      'a gateway at ::',
      asGateway(ONE),
      announce({ ...ONE, address: { host: '::', port: 1 } }),
      'unreachableAddress',
    ],
    [
      'a gateway at what is no host',
      asGateway(ONE),
      announce({ ...ONE, address: { host: 'a b\n', port: 1 } }),
      'malformed',
    ],
    ['a node that sends a command', WORKER, Buffer.from(gatewayConnect(gatewayAddress(1))), 'unknownCode'],
    [
      'a node that sends more than 4 KiB in a frame',
      WORKER,
      Buffer.from('0000100100000000', 'hex'),
      'badFrame',
    ],
  ];

  it.each(cases)('%s', async (_what, identity, bytes, reason) => {
    const register = await startRosterRegister();
    const peer = await proven(register, identity);
    peer.write(bytes);
    await peer.ended();
    await until(() => register.refused.length === 1, 'the refusal is told');
    expect(register.refused).toEqual([reason]);
    await until(() => register.server.stats.gateways === 0, 'it is not listed');
  });

  it('a worker that does not read its lists, and goes on with the others', async () => {
    const register = await startRosterRegister();
    const [slow, quick] = [await provenWorker(register), await provenWorker(register)];
    slow.socket.pause();
    // The longest entries, so that lists are large: each change is told in full.
    const zone = 'z'.repeat(255);
    const address = { host: `${'x'.repeat(60)}.`.repeat(4), port: 1 };
    const large = Array.from({ length: 100 }, (_, number) => entry(number, { address, zone }));
    for (const gateway of large) announceAlways(register.address, gateway);
    await until(() => register.server.stats.gateways === large.length, 'all are listed');
    const flapping = entry(999, { address, zone });
    for (let change = 0; !register.refused.includes('notReading'); change++) {
      if (change === 500) throw new Error('The slow worker was never given up');
      const gateway = await listedGateway(register, flapping);
      gateway.socket.destroy();
      await until(() => register.server.stats.gateways === large.length, 'it is gone');
    }
    expect(register.refused).toEqual(['notReading']);
    expect(register.server.stats.workers).toBe(1);
    await listedGateway(register, flapping);
    await until(() => listedIds(quick).at(-1)?.length === large.length + 1, 'the other one knows them all');
  }, 60_000);

  it('every stranger of a flood after 3 s, while nodes come and go as ever', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const register = await startRosterRegister();
    const worker = await provenWorker(register);
    const strangers = await Promise.all(Array.from({ length: 300 }, () => RawPeer.dial(register.address)));
    for (const [index, stranger] of strangers.entries()) {
      if (index % 3 === 1) stranger.send(new ByHand().opening('hello', NONCE));
      if (index % 3 === 2) stranger.write(ROSTER_PING.subarray(0, 6));
    }
    await until(() => register.server.stats.pending === 300, 'all are connected');
    await listedGateway(register, ONE);
    await until(() => listedIds(worker).length === 2, 'the worker is told');
    vi.advanceTimersByTime(3_000);
    for (const stranger of strangers) await stranger.ended();
    await until(() => register.server.stats.pending === 0, 'all are gone');
    expect(register.server.stats).toMatchObject({
      gateways: 1,
      workers: 1,
      refused: { nothingAnnounced: 300 },
    });
    expect(register.log.of('warn')).toHaveLength(1);
  }, 60_000);

  it('whoever comes when maxLinks are there', async () => {
    const register = await startRosterRegister({ maxLinks: 1 });
    await provenWorker(register);
    const second = await RawPeer.dial(register.address);
    await second.ended();
    expect(second.received).toHaveLength(0);
    expect(register.refused).toEqual(['tooManyLinks']);
  });
});

describe('a gateway', () => {
  it('cannot be announced in the name of another by who was only seen doing it', async () => {
    const register = await startRosterRegister();
    const hand = new ByHand();
    const hello = hand.opening('hello', NONCE);
    const first = await RawPeer.dial(register.address);
    first.send(hello);
    await until(() => first.frames.length === 1, 'the challenge has come');
    hand.heard(first.frames[0]!);
    const auth = hand.introduction('auth', { ...GATEWAY, gatewayId: ONE.id, session: DIALER_SESSION });
    first.send(auth);
    first.write(announce());
    await until(() => register.server.stats.gateways === 1, 'it is listed');
    first.socket.destroy();
    await until(() => register.server.stats.gateways === 0, 'it is gone');
    const replayed = await RawPeer.dial(register.address);
    replayed.send(hello, auth);
    replayed.write(announce());
    await replayed.ended();
    expect(register.server.stats.gateways).toBe(0);
  });
});
