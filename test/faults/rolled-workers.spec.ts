import { describe, expect, it } from 'vitest';
import { Scenario, scaled, timeLimit } from './harness/scenario.js';
import { repeatedly, sleep } from './harness/times.js';

const CLIENTS = scaled(200, 500);
const PER_SECOND = 10;

describe('clients that talk all the time', () => {
  it(
    'notice nothing of workers that are rolled twice and killed again and again',
    async () => {
      const scenario = await Scenario.begin('rolled-workers', { workers: scaled(2, 3) });
      const { cluster, random, seconds } = scenario;
      const crowd = await scenario.crowd({ urls: cluster.urls });
      await crowd.call('connect', { count: CLIENTS });
      await crowd.call('talk', { perSecond: PER_SECOND });
      await sleep(500);

      const forMs = seconds * 1_000;
      await Promise.all([
        cluster.rollWorkers(2, forMs),
        repeatedly(scaled(2_500, 5_000), forMs, () => cluster.crashAWorker(random)),
      ]);

      const { findings, counts } = await scenario.conclude(crowd);
      expect(findings).toEqual({});
      // Of a dozen kills one hits a worker that is busy; of the few of the short form perhaps none.
      if (seconds >= 60) expect(counts.redelivered).toBeGreaterThan(0);
    },
    timeLimit(),
  );
});
