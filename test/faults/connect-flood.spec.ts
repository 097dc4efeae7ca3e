import { describe, expect, it } from 'vitest';
import { WsClient } from '../e2e/test-client.js';
import { MemoryWatch } from './harness/memory-watch.js';
import { ProcessorWatch } from './harness/processor-watch.js';
import { Scenario, timeLimit } from './harness/scenario.js';
import { eventually, percentile, sleep } from './harness/times.js';

const CLIENTS = 100;
const PER_SECOND = 5;
/** Connections a second: more than the gateway can make clients of. */
const FLOOD_PER_SECOND = 2_000;
const MiB = 1024 * 1024;
/** What a gateway may take for those who are coming, at its highest. */
const FLOOD_BYTES = 128 * MiB;
/** For those who were there before, while thousands come, where gateway and workers have the processor when they want it: late, but served. */
const SERVED_P99_MS = 1_000;
/** Those that say nothing are not kept longer. */
const UPGRADE_TIMEOUT_MS = 2_000;
/** The flood is over for the gateway when it has taken what the system holds for it, and what says nothing has had its time. */
const SETTLE_PATIENCE_MS = 30_000;

describe('a flood of connections', () => {
  it(
    'does not keep those who are there from being served, and leaves nothing behind',
    async () => {
      const scenario = await Scenario.begin('connect-flood', {
        gateways: 1,
        workers: 2,
        gateway: { upgradeTimeoutMs: UPGRADE_TIMEOUT_MS },
      });
      const { cluster, seconds } = scenario;
      const [gateway] = cluster.gateways;
      const residents = await scenario.crowd({ urls: cluster.urls });
      const flood = await scenario.crowd({ urls: cluster.urls });
      await residents.call('connect', { count: CLIENTS });
      await residents.call('talk', { perSecond: PER_SECOND });
      await sleep(1_000);
      const before = await gateway!.probe();

      const memory = new MemoryWatch([gateway!]);
      const ways = [cluster.gateways, cluster.workers].map((processes) => new ProcessorWatch(processes));
      const flooded = await flood.call('flood', {
        url: gateway!.ws,
        perSecond: FLOOD_PER_SECOND,
        forMs: seconds * 1_000,
      });
      const { growthBytes } = memory.stop();
      // An answer comes by both, and what one takes later the other has later.
      const slowdown = ways.reduce((product, way) => product * way.slowdown, 1);
      await eventually(
        'the gateway holds what it held before',
        async () => {
          const { clients, handles } = await gateway!.probe();
          const isAsBefore =
            clients === before.clients && handles['TCPSocketWrap'] === before.handles['TCPSocketWrap'];
          return isAsBefore ? undefined : { clients, handles };
        },
        SETTLE_PATIENCE_MS,
      );
      const newcomer = await WsClient.connect(gateway!.ws);
      newcomer.close();
      await newcomer.closed();

      const { findings, conversations } = await scenario.conclude(residents);
      const latencyMs = percentile(
        conversations.flatMap(({ answers }) => answers.map((answer) => answer[5])),
        0.99,
      );
      scenario.say(
        `${JSON.stringify(flooded)}, p99 ${latencyMs.toFixed(1)} ms on a machine that slows it down ${slowdown.toFixed(1)} times, memory grew by ${Math.round(growthBytes[0]! / MiB)} MiB`,
      );
      expect(findings).toEqual({});
      expect(flooded.attempts).toBeGreaterThan((FLOOD_PER_SECOND * seconds) / 4);
      expect(flooded.upgraded).toBeGreaterThan(0);
      expect(latencyMs).toBeLessThan(SERVED_P99_MS * slowdown);
      expect(growthBytes[0]).toBeLessThan(FLOOD_BYTES);
    },
    timeLimit(),
  );
});
