import { describe, expect, it } from 'vitest';
import { WsClient } from '../e2e/test-client.js';
import { nowUs } from './app/clock.js';
import type { News, Publish } from './app/messages.js';
import { MemoryWatch } from './harness/memory-watch.js';
import { ProcessorWatch } from './harness/processor-watch.js';
import { Scenario, scaled, timeLimit } from './harness/scenario.js';
import { eventually, percentile, sleep } from './harness/times.js';

const STALLED = scaled(100, 200);
const READERS = 10;
const TALKERS = 50;
const NEWS = 'news';
/** 1 MB a second to each member of the group. */
const NEWS_BYTES = 8_000;
const NEWS_PER_SECOND = 125;
/** Most that may wait for one client, and how long: shorter than the default, so that the short form gets to it too. */
const MAX_QUEUED_BYTES = 512 * 1024;
const SLOW_CLIENT_TIMEOUT_MS = 3_000;
const MiB = 1024 * 1024;
/** What a gateway may take beyond what may wait for its clients. */
const SLACK_BYTES = 96 * MiB;
/** For somebody who shares a gateway with those who do not read, where gateways and workers have the processor when they want it. */
const UNHARMED_P99_MS = 250;
const CLOSED_AS_SLOW = 4001;

describe('clients that stop reading', () => {
  it(
    'cost the gateway a bounded memory and are closed as slow, and nobody else notices them',
    async () => {
      const scenario = await Scenario.begin('slow-clients', {
        workers: 2,
        gateway: { maxQueuedBytes: MAX_QUEUED_BYTES, slowClientTimeoutMs: SLOW_CLIENT_TIMEOUT_MS },
      });
      const { cluster, seconds } = scenario;
      const talkers = await scenario.crowd({ urls: cluster.urls });
      const readers = await scenario.crowd({ urls: cluster.urls, groups: [NEWS] });
      const stalled = await scenario.crowd({ urls: cluster.urls, groups: [NEWS] });
      await talkers.call('connect', { count: TALKERS });
      await readers.call('connect', { count: READERS });
      await stalled.call('connect', { count: STALLED });
      await talkers.call('talk', { perSecond: 10 });
      const publisher = await WsClient.connect(cluster.urls[0]!);
      await sleep(1_000);

      const memory = new MemoryWatch(cluster.gateways);
      const ways = [cluster.gateways, cluster.workers].map((processes) => new ProcessorWatch(processes));
      await stalled.call('stall', { count: STALLED });
      const published = await publish(publisher, seconds);
      await sleep(SLOW_CLIENT_TIMEOUT_MS);
      const { growthBytes } = memory.stop();
      // An answer comes by both, and what one takes later the other has later.
      const slowdown = ways.reduce((product, way) => product * way.slowdown, 1);
      await eventually('all that do not read are closed as slow', async () => {
        const probes = await Promise.all(cluster.gateways.map((gateway) => gateway.probe()));
        const closed = probes.map(({ closedWith }) => closedWith[CLOSED_AS_SLOW] ?? 0);
        return closed.reduce((sum, count) => sum + count) === STALLED ? undefined : closed;
      });
      const read = await readers.conversations();
      const { waiting } = await talkers.call('hush', { patienceMs: 60_000 });
      const talked = await talkers.conversations();
      publisher.close();
      await scenario.end();

      const latencyMs = percentile(
        talked.flatMap(({ answers }) => answers.map((answer) => answer[5])),
        0.99,
      );
      scenario.say(
        `p99 ${latencyMs.toFixed(1)} ms on a machine that slows it down ${slowdown.toFixed(1)} times, memory grew by ${growthBytes.map((bytes) => Math.round(bytes / MiB)).join(' and ')} MiB`,
      );
      expect(read.map(({ news: { count, breaks }, ending }) => ({ count, breaks, ending }))).toEqual(
        Array.from({ length: READERS }, () => ({ count: published, breaks: 0, ending: undefined })),
      );
      expect(waiting).toBe(0);
      expect(talked.map(({ ending }) => ending)).toEqual(Array.from({ length: TALKERS }, () => undefined));
      expect(latencyMs).toBeLessThan(UNHARMED_P99_MS * slowdown);
      for (const bytes of growthBytes) {
        expect(bytes).toBeLessThan((STALLED / cluster.gateways.length) * MAX_QUEUED_BYTES + SLACK_BYTES);
      }
    },
    timeLimit(),
  );
});

/** @returns how many news there were */
async function publish(publisher: WsClient, seconds: number): Promise<number> {
  const startMs = performance.now();
  const total = seconds * NEWS_PER_SECOND;
  for (let n = 1; n <= total; n++) {
    await sleep(startMs + (n * 1_000) / NEWS_PER_SECOND - performance.now());
    const news: News & { readonly padding: string } = { event: 'news', n, atUs: nowUs(), padding: '' };
    const padding = 'x'.repeat(NEWS_BYTES - JSON.stringify(news).length);
    const message: Publish = { group: NEWS, message: JSON.stringify({ ...news, padding }) };
    publisher.send('publish', message);
  }
  return total;
}
