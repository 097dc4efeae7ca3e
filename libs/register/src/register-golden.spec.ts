import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { GatewayAnnouncer, RegisterMembership, RegisterServer } from '#register';
import type { NodeAddress } from '#protocol';
import { listenRaw, RawPeer, until } from '../../../test/links/link-kit.js';
import { freeAddress } from '../../../test/links/register-kit.js';

interface RecordedEvent {
  readonly kind: string;
  readonly conn?: number;
  readonly dir?: 'c2s' | 's2c';
  readonly hex?: string;
  readonly step?: string;
}

interface Recording {
  readonly connections: readonly { readonly id: number; readonly role: string; readonly server: string }[];
  readonly events: readonly RecordedEvent[];
}

const SECRET = 'this is secret';
const GATEWAY: NodeAddress = { host: '127.0.0.1', port: 9108 };
const { connections, events } = JSON.parse(
  readFileSync(new URL('../../../test/golden/conversation.json', import.meta.url), 'utf8'),
) as Recording;
const ROLES = new Map(
  connections.filter(({ server }) => server === 'register').map(({ id, role }) => [id, role] as const),
);

function recorded(connection: number, direction: 'c2s' | 's2c'): Buffer {
  const packets = events.filter(
    ({ kind, conn, dir }) => kind === 'data' && conn === connection && dir === direction,
  );
  return Buffer.concat(packets.map(({ hex }) => Buffer.from(hex ?? '', 'hex')));
}

/** Plays the nodes of the recording against our register, packet by packet in the recorded order. */
class Replay {
  readonly peers = new Map<number, RawPeer>();
  readonly #expected = new Map<number, number>();
  #server: RegisterServer | undefined;

  constructor(private readonly address: NodeAddress) {}

  get server(): RegisterServer {
    if (this.#server === undefined)
      throw new Error('The register does not run at this point of the recording');
    return this.#server;
  }

  async start(): Promise<void> {
    const { host, port } = this.address;
    this.#server = new RegisterServer({ listen: `${host}:${port}`, secret: SECRET, protocol: 'base' });
    await this.#server.listen();
  }

  async play(event: RecordedEvent): Promise<void> {
    if (event.step === 'register starts again') return this.start();
    const { kind, conn, dir } = event;
    if (conn === undefined || !ROLES.has(conn)) return;
    if (kind === 'syn') this.peers.set(conn, await RawPeer.dial(this.address));
    else if (kind === 'data') await this.#playData(conn, dir === 'c2s', Buffer.from(event.hex ?? '', 'hex'));
    else if (kind === 'fin') await this.#playEnd(conn, dir === 'c2s');
  }

  async #playData(conn: number, fromNode: boolean, bytes: Buffer): Promise<void> {
    const peer = this.peers.get(conn)!;
    if (!fromNode) {
      const length = (this.#expected.get(conn) ?? 0) + bytes.length;
      this.#expected.set(conn, length);
      await peer.receivedBytes(length);
      return;
    }
    peer.write(bytes);
    // Bytes on two connections overtake one another: what follows in the recording knows this gateway already.
    if (ROLES.get(conn) === 'gateway->register')
      await until(() => this.server.stats.gateways === 1, 'it is listed');
  }

  async #playEnd(conn: number, fromNode: boolean): Promise<void> {
    const peer = this.peers.get(conn)!;
    if (fromNode) peer.socket.end();
    else if (!peer.hasEnded) {
      // The register speaks first of an end only where it is stopped.
      if (!peer.socket.writableEnded) void this.server.close();
      await peer.ended();
    }
  }
}

afterEach(() => void vi.useRealTimers());

describe('the recorded talk with the original register', () => {
  it('runs against ours, and every byte is answered as it was', async () => {
    const replay = new Replay(await freeAddress());
    await replay.start();
    onTestFinished(() => replay.server.close());
    for (const event of events) await replay.play(event);

    expect([...replay.peers.keys()]).toEqual([7, 9, 15, 19, 30, 31]);
    for (const [conn, peer] of replay.peers) {
      await peer.closed();
      expect(peer.received.toString('hex'), `connection ${conn}`).toBe(recorded(conn, 's2c').toString('hex'));
    }
    expect(replay.server.stats).toMatchObject({ gateways: 0, workers: 0, refused: {} });
  });

  it('is begun by our gateway with the bytes of the original, pings included', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const { address, peers } = await listenRaw();
    const announcer = new GatewayAnnouncer({
      registers: [address],
      secret: SECRET,
      protocol: 'base',
      address: GATEWAY,
    });
    onTestFinished(() => announcer.close());
    announcer.start();
    const expected = recorded(7, 'c2s'); // the announcement and two pings
    await until(() => (peers[0]?.received.length ?? 0) === expected.length - 18, 'it is announced');
    vi.advanceTimersByTime(60_000);
    await peers[0]!.receivedBytes(expected.length);
    expect(peers[0]!.received.toString('hex')).toBe(expected.toString('hex'));
    peers[0]!.socket.destroy();
  });

  it('is begun by our worker with the bytes of the original, which understands every answer', async () => {
    const { address, peers } = await listenRaw();
    const membership = new RegisterMembership({ registers: [address], secret: SECRET, protocol: 'base' });
    onTestFinished(() => membership.close());
    const lists: (readonly NodeAddress[])[] = [];
    membership.subscribe((gateways) => lists.push(gateways.map(({ address: told }) => told)));
    membership.start();
    const announcement = recorded(19, 'c2s');
    await until(() => (peers[0]?.received.length ?? 0) === announcement.length, 'it is announced');
    expect(peers[0]!.received.toString('hex')).toBe(announcement.toString('hex'));
    peers[0]!.write(recorded(9, 's2c')); // the list, the list without the gateway, and the list again
    await until(() => lists.length === 3, 'three lists are told');
    expect(lists).toEqual([[GATEWAY], [], [GATEWAY]]);
    peers[0]!.socket.destroy();
  });
});
