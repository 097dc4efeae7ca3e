import { describe, expect, it } from 'vitest';
import { WsClient } from '../e2e/test-client.js';
import type { CrowdProcess } from './harness/crowd-process.js';
import type { ScenarioGateway } from './harness/scenario-gateway.js';
import { Scenario, scaled, timeLimit } from './harness/scenario.js';
import { eventually, repeatedly, sleep } from './harness/times.js';
import type { WorkerLife } from './harness/worker-slot.js';

const CLIENTS = 200;
const PER_SECOND = 5;
/** So many go and come each time. */
const CHURN = 10;
const CHURN_EVERY_MS = 250;
/** Workers are replaced or killed so often: not the first one, which is looked at. */
const WORKER_EVERY_MS = scaled(2_500, 5_000);
const MiB = 1024 * 1024;
/** Code that is compiled and caches that fill are not a leak, and neither is what grows to a limit. */
const MAY_GROW_BYTES = 6 * MiB;
const QUIET_PATIENCE_MS = 20_000;

/** All that could grow. Numbers of things must be what they were; memory may be a little more. */
interface Holdings {
  readonly counts: Readonly<Record<string, unknown>>;
  readonly heapBytes: readonly number[];
  readonly externalBytes: readonly number[];
}

describe('a soak: clients that come, talk and go, and workers that are replaced and killed', () => {
  it(
    'leaves memory, handles and tables as they were',
    async () => {
      const scenario = await Scenario.begin('soak', { workers: 3 });
      const { cluster, random, seconds } = scenario;
      const [watched] = cluster.workers;
      // Whatever is made once is made now, and is not counted.
      const first = await scenario.crowd({ urls: cluster.urls });
      await churn(first, Math.max(3_000, seconds * 200));
      const before = await holdings(scenario, watched!);

      const crowd = await scenario.crowd({ urls: cluster.urls });
      const others = cluster.slots.slice(1);
      const unrest = repeatedly(WORKER_EVERY_MS, seconds * 1_000, () => {
        const slot = random.pick(others);
        return random.chance(0.5) ? slot.roll() : slot.crash();
      });
      await Promise.all([churn(crowd, seconds * 1_000), unrest]);
      await cluster.linked();
      const after = await holdings(scenario, watched!);

      const { findings } = await scenario.conclude(crowd);
      scenario.say(`before ${JSON.stringify(before)}`);
      scenario.say(`after ${JSON.stringify(after)}`);
      expect(findings).toEqual({});
      expect(after.counts).toEqual(before.counts);
      for (const kind of ['heapBytes', 'externalBytes'] as const) {
        after[kind].forEach((bytes, at) =>
          expect(bytes, kind).toBeLessThan(before[kind][at]! + MAY_GROW_BYTES),
        );
      }
    },
    timeLimit(1.2),
  );
});

/** At the end nobody is left. */
async function churn(crowd: CrowdProcess, forMs: number): Promise<void> {
  await crowd.call('connect', { count: CLIENTS });
  await crowd.call('talk', { perSecond: PER_SECOND });
  await repeatedly(CHURN_EVERY_MS, forMs, async () => {
    await crowd.call('leave', { count: CHURN });
    await crowd.call('connect', { count: CHURN });
  });
  await crowd.call('hush', { patienceMs: QUIET_PATIENCE_MS });
  await crowd.call('leave', { count: Number.MAX_SAFE_INTEGER });
}

/** When all is quiet. */
async function holdings({ cluster }: Scenario, worker: WorkerLife): Promise<Holdings> {
  const { gateways } = cluster;
  await empty(gateways);
  // Timers of connections that are gone, and the collector's second look.
  await sleep(1_500);
  const names = await tables(gateways[0]!.ws);
  await empty(gateways);
  await sleep(500);
  const gatewayProbes = await Promise.all(gateways.map((gateway) => gateway.probe()));
  const workerProbe = await worker.probe();
  const probes = [...gatewayProbes, workerProbe];
  return {
    counts: {
      ...names,
      clients: gatewayProbes.map(({ clients }) => clients),
      workers: gatewayProbes.map(({ workers }) => workers),
      parkedEvents: gatewayProbes.map(({ parkedEvents }) => parkedEvents),
      waitingEvents: workerProbe.waitingEvents,
      waitingBytes: workerProbe.waitingBytes,
      sockets: probes.map(({ handles }) => handles['TCPSocketWrap']),
      servers: probes.map(({ handles }) => handles['TCPServerWrap'] ?? handles['TCPSERVERWRAP'] ?? 0),
    },
    heapBytes: probes.map(({ heapBytes }) => heapBytes),
    externalBytes: probes.map(({ externalBytes }) => externalBytes),
  };
}

async function empty(gateways: readonly ScenarioGateway[]): Promise<void> {
  await eventually(
    'no client is left',
    async () => {
      const clients = (await Promise.all(gateways.map((gateway) => gateway.probe()))).map(
        (probe) => probe.clients,
      );
      return clients.every((count) => count === 0) ? undefined : clients;
    },
    QUIET_PATIENCE_MS,
  );
}

/** What the cluster itself says, but for the one who asks. */
async function tables(url: string): Promise<Record<string, unknown>> {
  const asker = await WsClient.connect(url);
  const clients = await asker.call('getClientCount');
  const uids = await asker.call('getUidList');
  const groups = await asker.call('getGroupList');
  asker.close();
  await asker.closed();
  return { clientCount: Number(clients) - 1, uids, groups };
}
