import { describe, expect, it } from 'vitest';
import { Scenario, scaled, timeLimit } from './harness/scenario.js';
import { sleep } from './harness/times.js';

const CLIENTS = scaled(200, 500);
const PER_SECOND = 10;
/** Between the last old worker and the first new one. */
const NO_WORKER_MS = 3_000;

describe('registers that are all down', () => {
  it(
    'are not missed by clients that talk all the time, not even when all workers are replaced meanwhile',
    async () => {
      const scenario = await Scenario.begin('registers-down', { registers: 3, workers: 3 });
      const { cluster, seconds } = scenario;
      const crowd = await scenario.crowd({ urls: cluster.urls });
      await crowd.call('connect', { count: CLIENTS });
      await crowd.call('talk', { perSecond: PER_SECOND });
      await sleep(1_000);

      const downMs = (seconds * 1_000) / 2; // 30 s in the long form
      const startMs = performance.now();
      await cluster.killRegisters();
      // Who begins now finds gateways when a register is back: near the end of its absence, so that what is said meanwhile waits at the gateways no longer than it may.
      await sleep(downMs - NO_WORKER_MS - 1_000);
      await Promise.all(cluster.workers.map((worker) => worker.stop()));
      await sleep(NO_WORKER_MS);
      const deployed = Promise.all(cluster.slots.map((slot) => slot.start()));
      await sleep(startMs + downMs - performance.now());
      await cluster.startRegisters();
      await deployed;
      await cluster.linked();
      await sleep(1_000);

      const { findings, counts } = await scenario.conclude(crowd);
      expect(findings).toEqual({});
      expect(counts.redelivered).toBe(0);
    },
    timeLimit(),
  );
});
