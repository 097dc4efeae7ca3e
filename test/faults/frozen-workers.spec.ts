import { describe, expect, it } from 'vitest';
import { Scenario, scaled, timeLimit } from './harness/scenario.js';
import { repeatedly, sleep } from './harness/times.js';

const CLIENTS = scaled(200, 500);
const PER_SECOND = 10;
const FROZEN_MS = 3_000;
/** As often as it needs to be, to be heard within the shorter of the two limits. */
const PING_INTERVAL_MS = 250;

/** @param givenUpAfterMs a worker that is not heard of for so long is given up */
async function freezeNowAndThen(givenUpAfterMs: number): Promise<void> {
  const scenario = await Scenario.begin('frozen-workers', {
    workers: 3,
    gateway: { workerSilenceTimeoutMs: givenUpAfterMs },
    worker: { eventPingIntervalMs: PING_INTERVAL_MS },
  });
  const { cluster, random, seconds } = scenario;
  const crowd = await scenario.crowd({ urls: cluster.urls });
  await crowd.call('connect', { count: CLIENTS });
  await crowd.call('talk', { perSecond: PER_SECOND });
  await sleep(500);

  const forMs = seconds * 1_000;
  let times = 0;
  const freeze = async (): Promise<void> => {
    const life = random.pick(cluster.workers.filter(({ isRunning }) => isRunning));
    life.freeze();
    await sleep(FROZEN_MS);
    life.thaw();
    times++;
  };
  await Promise.all([
    cluster.rollWorkers(scaled(1, 2), forMs),
    repeatedly(scaled(4_000, 5_000), forMs, freeze),
  ]);

  const isGivenUp = givenUpAfterMs < FROZEN_MS;
  const { findings, counts } = await scenario.conclude(crowd);
  expect(findings).toEqual({});
  expect(times).toBeGreaterThan(0);
  // Who is waited for has lost nothing.
  expect(counts.redelivered > 0).toBe(isGivenUp);
}

describe('clients that talk all the time notice nothing of workers that stand still for 3 s', () => {
  it(
    'and are given up after 1 s, so that others take over, and nothing that they still do has an effect',
    () => freezeNowAndThen(1_000),
    timeLimit(),
  );

  it(
    'and are waited for, so that what their clients say is handled when they go on',
    () => freezeNowAndThen(10_000),
    timeLimit(),
  );
});
