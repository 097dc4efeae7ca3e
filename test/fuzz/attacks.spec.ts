import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RECEIVERS } from '../../libs/gateway/src/test/ws-conversation.js';
import { Opcode, wsFrame } from '../../libs/gateway/src/test/ws-frames.js';
import { until } from '../links/link-kit.js';
import { Attacker, clientPort, PATIENCE_MS, STRONGHOLDS } from './attack-kit.js';
import { heldBytes } from '../links/held-bytes.js';
import { Random } from './guided/random.js';

const MIB = 1024 * 1024;
/** What a process may hold more after an attack than before it: compiled code and the like, far below what was sent or announced. */
const FLAT_BYTES = 8 * MIB;
const SEED = 4711;

function garbage(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

async function allClosed(attackers: readonly Attacker[]): Promise<void> {
  for (const attacker of attackers) await attacker.closed();
}

describe.each(Object.entries(STRONGHOLDS))(
  '%s: the node serves others meanwhile, and lets go of',
  (_name, start) => {
    it('those who send garbage', async () => {
      const { address, serve } = await start();
      const random = new Random(SEED);
      const attackers = await Attacker.many(address, 40);
      await Promise.all(attackers.map((attacker) => attacker.write(garbage(random, 2_000))));
      await serve();
      await allClosed(attackers);
      await serve();
    });

    it('those who begin well and go on with garbage', async () => {
      const { address, hello, counted, serve, isHurried } = await start();
      const random = new Random(SEED);
      const attackers = await Attacker.many(address, 20);
      const before = counted();
      await Promise.all(
        attackers.map((attacker) => attacker.write(Buffer.concat([hello, garbage(random, 3_000)]))),
      );
      await serve();
      await allClosed(attackers);
      // In lines, garbage is a message like any other; everywhere else each of them is counted.
      if (isHurried) await until(() => counted() - before === attackers.length, 'each of them is counted');
    });

    it('those who stop in the middle of a hello, or before it', async () => {
      const { address, hello, mayBeSilent = false, serve } = await start();
      const attackers = await Attacker.many(address, 100);
      const least = mayBeSilent ? 1 : 0;
      const partOf = (i: number): Buffer => hello.subarray(0, least + (i % (hello.length - least)));
      await Promise.all(attackers.map((attacker, i) => attacker.write(partOf(i))));
      await serve();
      await allClosed(attackers);
      await serve();
    });

    it('those who announce more than there is memory for, at once', async () => {
      const { address, lie, counted, serve } = await start();
      if (lie === undefined) return;
      const before = { counted: counted(), bytes: await heldBytes() };
      const attackers = await Attacker.many(address, 100);
      await Promise.all(attackers.map((attacker) => attacker.write(lie)));
      await allClosed(attackers);
      await until(() => counted() - before.counted === attackers.length, 'each of them is counted');
      await serve();
      expect((await heldBytes()) - before.bytes).toBeLessThan(FLAT_BYTES);
    });

    it('those who come and go without a word', async () => {
      const { address, serve } = await start();
      const before = await heldBytes();
      for (let round = 0; round < 2; round++) {
        for (const { socket } of await Attacker.many(address, 50)) socket.resetAndDestroy();
        await serve();
      }
      expect((await heldBytes()) - before).toBeLessThan(FLAT_BYTES);
    });
  },
);

const hurried = Object.entries(STRONGHOLDS).filter(([name]) => !name.startsWith('raw TCP'));

describe.each(hurried)('%s: a hello that comes byte by byte', (_name, start) => {
  it('is not waited for any longer because it goes on', async () => {
    const { address, hello, serve } = await start();
    const attackers = await Attacker.many(address, 20);
    const began = performance.now();
    for (let at = 0; at < hello.length - 1 && attackers.some(({ isClosed }) => !isClosed); at++) {
      for (const attacker of attackers) await attacker.write(hello.subarray(at, at + 1));
      await delay(PATIENCE_MS / 8);
    }
    await allClosed(attackers);
    // The deadline is looked at now and then: some time more is no harm, many times as much would be.
    expect(performance.now() - began).toBeLessThan(10 * PATIENCE_MS);
    await serve();
  });
});

describe.each(RECEIVERS)('a WebSocket client, read by %s, that does not read', (receiver) => {
  it('and floods the gateway with pings is closed as slow, and its pongs do not pile up', async () => {
    const port = await clientPort('ws', { receiver, maxQueuedBytes: MIB })();
    const client = await Attacker.dial(port.address);
    await client.write(port.hello);
    await until(() => client.receivedBytes > 0, 'the upgrade is answered');
    client.socket.pause();
    const before = await heldBytes();
    const pings = Buffer.concat(Array.from({ length: 500 }, () => wsFrame(Opcode.Ping, Buffer.alloc(125))));
    let most = 0;
    for (let sent = 0; sent < 48 * MIB && port.closedAsSlow() === 0; sent += pings.length) {
      await client.write(pings);
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }
    await port.serve();
    expect(port.closedAsSlow()).toBe(1);
    expect(most - before).toBeLessThan(4 * FLAT_BYTES);
    expect((await heldBytes()) - before).toBeLessThan(FLAT_BYTES);
  });
});
