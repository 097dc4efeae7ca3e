import { describe, expect, it } from 'vitest';
import { COMMANDS, encodeFrame, writeRequest } from '#protocol';
import type { LanPeer } from '../test/lan-peer.js';
import { StallingClient } from '../test/stalling-client.js';
import { TestGateway } from '../test/test-gateway.js';
import { OutputArena } from './output-arena.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const BLOCK = 64 * KiB;

/** Takes room, and says where it is. */
function reserved(arena: OutputArena, bytes: number): { block: Buffer; offset: number } {
  arena.reserve(bytes);
  return { block: arena.block, offset: arena.offset };
}

/** The blocks that a turn gets which fills so many. */
function blocksOfTurn(arena: OutputArena, count: number): Buffer[] {
  const blocks = Array.from({ length: count }, () => reserved(arena, BLOCK).block);
  arena.reset();
  return blocks;
}

describe('the arena of a turn', () => {
  it('gives out room side by side until a block is full, then another block', () => {
    const arena = new OutputArena();
    const places = [10, 20, BLOCK - 30, 1].map((bytes) => reserved(arena, bytes));
    expect(places.map(({ offset }) => offset)).toEqual([0, 10, 30, 0]);
    expect(new Set(places.map(({ block }) => block)).size).toBe(2);
    expect(places.map(({ block }) => block.length)).toEqual([BLOCK, BLOCK, BLOCK, BLOCK]);
  });

  it('gives out the same blocks in the next turn, from their beginning', () => {
    const arena = new OutputArena();
    const first = blocksOfTurn(arena, 3);
    expect(reserved(arena, 1)).toEqual({ block: first[0], offset: 0 });
    arena.reset();
    const second = blocksOfTurn(arena, 3);
    expect(second.map((block) => first.indexOf(block))).toEqual([0, 1, 2]);
  });

  it('keeps 16 blocks, however many one turn needed', () => {
    const arena = new OutputArena();
    const first = blocksOfTurn(arena, 20);
    const second = blocksOfTurn(arena, 20);
    expect(second.map((block) => first.indexOf(block))).toEqual([
      ...Array.from({ length: 16 }, (_, i) => i),
      -1,
      -1,
      -1,
      -1,
    ]);
  });

  it('gives a message above 64 KiB memory of its own, which it does not keep', () => {
    const arena = new OutputArena();
    const { block, offset } = reserved(arena, BLOCK + 1);
    expect([block.length, offset]).toEqual([BLOCK + 1, 0]);
    expect(arena.holds(block)).toBe(false);
    const next = reserved(arena, 1);
    expect(next.block).not.toBe(block);
    expect(arena.holds(next.block)).toBe(true);
  });

  it.each([0, 1, 2])('never gives out block %i of three again once it is abandoned', (index) => {
    const arena = new OutputArena();
    const blocks = [BLOCK, BLOCK, 10].map((bytes) => reserved(arena, bytes).block);
    arena.abandon(blocks[index]!);
    expect(blocks.map((block) => arena.holds(block))).toEqual([0, 1, 2].map((i) => i !== index));
    // Not in this turn, where another client's bytes would come to lie behind those that wait, nor in the next ones.
    const inThisTurn = [10, BLOCK, BLOCK, BLOCK].map((bytes) => reserved(arena, bytes));
    for (const { block } of inThisTurn) expect(block).not.toBe(blocks[index]);
    const others = inThisTurn.slice(1).map(({ block }) => block);
    expect(new Set([...others, ...blocks]).size).toBe(6);
    arena.reset();
    expect(blocksOfTurn(arena, 8)).not.toContain(blocks[index]);
  });

  it('goes on with the next block that it kept when one that the turn has filled is abandoned', () => {
    const arena = new OutputArena();
    const kept = blocksOfTurn(arena, 4);
    reserved(arena, BLOCK);
    reserved(arena, BLOCK);
    arena.abandon(kept[0]!);
    expect(reserved(arena, BLOCK).block).toBe(kept[2]);
    expect(reserved(arena, BLOCK).block).toBe(kept[3]);
    arena.reset();
    expect(blocksOfTurn(arena, 3).map((block) => kept.indexOf(block))).toEqual([1, 2, 3]);
  });

  it('does not mind abandoning what it does not hold', () => {
    const arena = new OutputArena();
    const { block } = reserved(arena, 1);
    arena.abandon(Buffer.alloc(1));
    expect(reserved(arena, 1)).toEqual({ block, offset: 1 });
  });
});

/** Full of its number, so that any piece of it that turns up elsewhere is seen. */
function numbered(number: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, `<${number}>`);
}

/** One process that sends, and notes what each client should get: as many messages as are said at once leave in one write. */
class Sender {
  #sent = 0;
  #frames: Buffer[] = [];

  constructor(private readonly caller: LanPeer) {}

  static async on(node: TestGateway): Promise<Sender> {
    return new Sender(await node.caller());
  }

  say(client: StallingClient, bytes: number): void {
    const message = numbered(this.#sent++, bytes);
    client.expects(message);
    const request = { connectionId: client.id, message };
    this.#frames.push(encodeFrame((writer) => writeRequest(writer, COMMANDS.sendToClient, request)));
  }

  sayToAll(clients: readonly StallingClient[], bytes: number): void {
    const message = numbered(this.#sent++, bytes);
    for (const client of clients) client.expects(message);
    const request = { exclude: [], message };
    this.#frames.push(encodeFrame((writer) => writeRequest(writer, COMMANDS.sendToAll, request)));
  }

  /** All of it has been executed when this resolves. */
  async leave(): Promise<void> {
    this.caller.socket.write(Buffer.concat(this.#frames));
    this.#frames = [];
    await this.caller.settled();
  }
}

/** Clients may fall behind as far as they like, and get nothing but messages. */
function patientGateway(): Promise<TestGateway> {
  return TestGateway.start({ maxQueuedBytes: 0, slowClientTimeoutMs: 0, pingIntervalMs: 0 });
}

async function clientsOf(node: TestGateway, count: number): Promise<StallingClient[]> {
  const clients: StallingClient[] = [];
  while (clients.length < count) {
    clients.push(await (clients.length % 3 === 2 ? StallingClient.tcp(node) : StallingClient.ws(node)));
  }
  return clients;
}

/** Small ones mostly, as messages are, with each length of a frame's head. */
const SIZES = [1, 20, 125, 126, 700, 3_000, 40, 9_000, 250, 1_400, 30_000, 64];

/** Goes on until all of these have so much waiting in the gateway: what the system takes for them is used up long before. */
async function sayUntilBehind(
  stalled: readonly StallingClient[],
  bytes: number,
  round: (number: number) => Promise<void>,
): Promise<number> {
  let rounds = 0;
  while (stalled.some(({ queuedBytes }) => queuedBytes < bytes)) await round(rounds++);
  return rounds;
}

async function expectAllRight(clients: readonly StallingClient[]): Promise<void> {
  for (const client of clients) expect(await client.difference()).toBeUndefined();
}

describe('a client that does not read', () => {
  it('gets every byte of its messages in the end, although thousands went to others from the same memory', async () => {
    const node = await patientGateway();
    const clients = await clientsOf(node, 6);
    const stalled = clients.slice(0, 3);
    for (const client of stalled) client.stall();
    const senders = [await Sender.on(node), await Sender.on(node)];
    const rounds = await sayUntilBehind(stalled, 2 * MiB, async (round) => {
      clients.forEach((client, i) => {
        for (let n = 0; n < 6; n++) senders[i % 2]!.say(client, SIZES[(round + n + i) % SIZES.length]!);
      });
      await Promise.all(senders.map((sender) => sender.leave()));
    });
    expect(rounds * clients.length * 6).toBeGreaterThan(2_000);
    await expectAllRight(clients.slice(3));
    for (const client of stalled) client.readOn();
    await expectAllRight(clients);
    expect(node.connections).toHaveLength(6);
  });

  it('may stop and go on at any time while it is written to', async () => {
    const node = await patientGateway();
    const clients = await clientsOf(node, 4);
    const sender = await Sender.on(node);
    let mostBehind = 0;
    for (let round = 0; round < 200; round++) {
      const client = clients[round % 4]!;
      if (round % 100 < 50) client.stall();
      else client.readOn();
      for (const other of clients) {
        for (let n = 0; n < 4; n++) sender.say(other, SIZES[(round + n) % SIZES.length]! * 8);
      }
      await sender.leave();
      mostBehind = Math.max(mostBehind, ...clients.map(({ queuedBytes }) => queuedBytes));
    }
    expect(mostBehind).toBeGreaterThan(0);
    for (const client of clients) client.readOn();
    await expectAllRight(clients);
  });

  it('gets messages above 64 KiB whole, between small ones', async () => {
    const node = await patientGateway();
    const clients = await clientsOf(node, 4);
    const stalled = clients.slice(0, 3);
    for (const client of stalled) client.stall();
    const sender = await Sender.on(node);
    const sizes = [10, 65_526, 65_527, 65_535, 65_536, 5, 65_537, 200_000, 300, 1 * MiB, 65_532, 1];
    await sayUntilBehind(stalled, 4 * MiB, async (round) => {
      for (const client of clients) {
        for (let n = 0; n < 3; n++) sender.say(client, sizes[(round * 3 + n) % sizes.length]!);
      }
      await sender.leave();
    });
    for (const client of stalled) client.readOn();
    await expectAllRight(clients);
  });

  it('gets broadcasts and messages of its own in the order in which they were sent', async () => {
    const node = await patientGateway();
    // More than one slice of a broadcast.
    const clients = await clientsOf(node, 90);
    const stalled = clients.filter((_, i) => i % 30 === 0);
    for (const client of stalled) client.stall();
    const sender = await Sender.on(node);
    const rounds = await sayUntilBehind(stalled, 1 * MiB, async (round) => {
      const size = SIZES[round % SIZES.length]!;
      sender.sayToAll(clients, size);
      for (let n = 0; n < 10; n++) sender.say(clients[(round * 7 + n) % clients.length]!, 50 + n);
      for (const client of stalled) sender.say(client, 20_000 + size);
      sender.sayToAll(clients, 33);
      for (const client of stalled) for (let n = 0; n < 3; n++) sender.say(client, size);
      await sender.leave();
    });
    expect(rounds).toBeGreaterThan(20);
    for (const client of stalled) client.readOn();
    await expectAllRight(clients);
  });
});
