import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { heldBytes } from '../../../../test/links/held-bytes.js';
import { until } from '../../../../test/links/link-kit.js';
import { SlowTcpReader, SlowWsReader, type SlowReader } from '../test/slow-reader.js';
import { TestGateway } from '../test/test-gateway.js';
import { Delivery } from './delivery.js';

const KiB = 1024;
const MiB = 1024 * KiB;
const BOUND = 512 * KiB;
const SIZE = 16 * KiB;

describe('a gateway whose clients do not read', () => {
  it.each(['dropNewest', 'dropOldest', 'keepLatest'] as const)(
    'needs no more memory however much is sent to them, and serves the others: %s',
    async (whenSlow) => {
      const node = await TestGateway.start({
        listen: ['ws://127.0.0.1:0', 'tcp://127.0.0.1:0?frame=length'],
        whenSlow,
        maxQueuedBytes: BOUND,
        slowClientTimeoutMs: 0,
        pingIntervalMs: 0,
      });
      const stalled: SlowReader[] = [];
      for (let i = 0; i < 20; i++)
        stalled.push(await (i % 2 === 0 ? SlowWsReader.open(node) : SlowTcpReader.open(node, 'length')));
      for (const reader of stalled) reader.stall();
      const other = await SlowWsReader.open(node);
      const delivery = new Delivery(node.gateway.table, { maxMessageBytes: MiB }, node.stats);
      let number = 0;
      const say = async (messages: number, bytes: number): Promise<void> => {
        for (let i = 0; i < messages; i++) {
          const payload = Buffer.from(`${number++} `.padEnd(bytes));
          delivery.toMany(node.gateway.table.everyone, payload, [], `key ${number % 3_000}`);
          if (i % 20 === 19) {
            await nextTurn();
            await until(() => other.connection.transport.queuedBytes === 0, 'the other one has got it');
          }
        }
        await until(() => other.client.messages.length === number, 'the other one has got everything');
        other.client.messages.length = 0;
        number = 0;
      };
      await say(600, SIZE); // the system takes no more
      await say(8_000, 100);
      const before = await heldBytes();
      await say(20_000, 100);
      await say(600, SIZE);
      await say(8_000, 100);
      expect((await heldBytes()) - before).toBeLessThan(8 * MiB);
      for (const { connection } of stalled) {
        expect(connection.transport.queuedBytes).toBeLessThanOrEqual(BOUND);
        expect(connection.isOnline).toBe(true);
      }
    },
    30_000,
  );
});
