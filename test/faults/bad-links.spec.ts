import { describe, expect, it } from 'vitest';
import { FaultProxy, type SeededRandom } from '../../libs/testing/src/index.js';
import { Scenario, scaled, timeLimit } from './harness/scenario.js';
import { repeatedly, sleep } from './harness/times.js';

const CLIENTS = scaled(200, 500);
const PER_SECOND = 10;
const GIVEN_UP_AFTER_MS = 1_000;
const PING_INTERVAL_MS = 250;

/** What happens to a link. Each is over when it resolves. */
type Trouble = (proxy: FaultProxy, random: SeededRandom) => Promise<void>;

const TROUBLES: Readonly<Record<string, Trouble>> = {
  cut: async (proxy) => void proxy.cut(),
  reset: async (proxy) => void proxy.reset(),
  'cut and away for a while': async (proxy, random) => {
    await proxy.refuse();
    proxy.cut();
    await sleep(random.between(200, 1_500));
  },
  'frozen for a moment': async (proxy, random) => {
    proxy.freeze();
    await sleep(random.between(50, GIVEN_UP_AFTER_MS / 2));
  },
  'frozen for so long that workers are given up': async (proxy, random) => {
    proxy.freeze(random.pick(['both', 'toTarget', 'toDialer']));
    await sleep(random.between(GIVEN_UP_AFTER_MS * 1.5, GIVEN_UP_AFTER_MS * 2.5));
  },
  'leads nowhere': async (proxy, random) => {
    proxy.swallow(random.pick(['both', 'toTarget', 'toDialer']));
    await sleep(random.between(100, GIVEN_UP_AFTER_MS * 2));
  },
  slow: async (proxy, random) => {
    proxy.delay(random.between(1, 100), { jitterMs: 100 });
    await sleep(random.between(500, 1_500));
  },
  'in small pieces': async (proxy, random) => {
    proxy.split(random.between(20, 200));
    await sleep(random.between(200, 800));
  },
};

describe('links between workers and gateways', () => {
  it(
    'may be cut, frozen, slow or lead nowhere, one after the other, and no client that talks all the time notices',
    async () => {
      const proxies: FaultProxy[] = [];
      const scenario = await Scenario.begin('bad-links', {
        workers: 3,
        gateway: { workerSilenceTimeoutMs: GIVEN_UP_AFTER_MS },
        worker: { eventPingIntervalMs: PING_INTERVAL_MS },
        between: async (port) => {
          const proxy = await FaultProxy.listen({ host: '127.0.0.1', port });
          proxies.push(proxy);
          return proxy.address.port;
        },
      });
      const { cluster, random, seconds } = scenario;
      scenario.afterwards(() => Promise.all(proxies.map((proxy) => proxy.close())));
      const crowd = await scenario.crowd({ urls: cluster.urls });
      await crowd.call('connect', { count: CLIENTS });
      await crowd.call('talk', { perSecond: PER_SECOND });
      await sleep(500);

      const names = shuffled(Object.keys(TROUBLES), random);
      let turn = 0;
      const trouble = async (): Promise<void> => {
        const at = random.below(proxies.length);
        const name = names[turn++ % names.length]!;
        scenario.say(`link to ${cluster.gateways[at]!.name}: ${name}`);
        await TROUBLES[name]!(proxies[at]!, random);
        await proxies[at]!.heal();
      };
      await repeatedly(scaled(1_000, 2_000), seconds * 1_000, trouble);

      const { findings, counts } = await scenario.conclude(crowd);
      expect(findings).toEqual({});
      expect(counts.redelivered).toBeGreaterThan(0);
    },
    timeLimit(),
  );
});

/** Each of them has its turn before one comes again. */
function shuffled(names: readonly string[], random: SeededRandom): string[] {
  const left = [...names];
  return names.map(() => left.splice(random.below(left.length), 1)[0]!);
}
