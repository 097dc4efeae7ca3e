import { describe, expect, it } from 'vitest';
import { WsClient } from '../e2e/test-client.js';
import type { ConversationRecord } from './app/clients/records.js';
import { Scenario, scaled, timeLimit } from './harness/scenario.js';
import { eventually, sleep } from './harness/times.js';
import { readJournal } from './harness/journals.js';

const CLIENTS = scaled(200, 500);
const PER_SECOND = 10;
const GATEWAYS = 3;
/** What "at once" is on a busy machine: a link that breaks is noticed when it does. */
const AT_ONCE_MS = 1_000;
/** A client that comes back waits behind what is said already, which is much on a busy machine. */
const BACK_PATIENCE_MS = 60_000;

describe('a gateway that is killed', () => {
  it(
    'is missed by its own clients alone, who are served elsewhere at once, and each worker is told once',
    async () => {
      const scenario = await Scenario.begin('gateway-killed', { gateways: GATEWAYS, workers: 3 });
      const { cluster, random, seconds } = scenario;
      const crowd = await scenario.crowd({ urls: cluster.urls, reconnects: true });
      await crowd.call('connect', { count: CLIENTS });
      await crowd.call('talk', { perSecond: PER_SECOND });
      await sleep(seconds * 250);

      const victim = random.pick(cluster.gateways);
      const other = cluster.gateways.find((gateway) => gateway !== victim)!;
      const asker = await WsClient.connect(other.ws);
      const uidsBefore = await uidCount(asker);
      expect(uidsBefore).toBe(CLIENTS);
      const held = (await crowd.conversations()).filter(({ url }) => url === victim.ws);
      const uid = `uid-${held[0]!.client}`;
      expect(await asker.call('getClientListByUid', uid)).toEqual([held[0]!.clientId]);

      const killedAtMs = performance.now();
      await victim.kill();
      // The client itself may be back by now, with another id: what must be gone is the old one.
      await eventually(
        'nobody finds a client of the gateway that died',
        async () => {
          const found = await asker.attempt('getClientListByUid', uid);
          return isList(found.value) && !found.value.includes(held[0]!.clientId) ? undefined : found;
        },
        AT_ONCE_MS,
      );
      const goneAfterMs = performance.now() - killedAtMs;
      await eventually(
        'all clients are back',
        async () => {
          const uids = await uidCount(asker);
          return uids === CLIENTS ? undefined : uids;
        },
        BACK_PATIENCE_MS,
      );
      await sleep(seconds * 500);

      asker.close();
      const isCutOff = ({ url, ending }: ConversationRecord): boolean =>
        url === victim.ws && ending?.code === 1006;
      const { findings, conversations } = await scenario.conclude(crowd, { isCutOff });
      expect(findings).toEqual({});
      expect(conversations.filter(isCutOff)).toHaveLength(held.length);
      expect(conversations).toHaveLength(CLIENTS + held.length);
      expect(goneAfterMs).toBeLessThan(AT_ONCE_MS);
      // Those that stop in order at the end are not lost.
      const gatewayId = held[0]!.clientId.slice(0, 12);
      for (const life of cluster.workerLives) {
        const lost = readJournal(life).flatMap((entry) => (entry[0] === 'gatewayLost' ? [entry[2]] : []));
        expect(lost, life.name).toEqual([gatewayId]);
      }
    },
    timeLimit(),
  );
});

/** Or why there is none: a question that meets a gateway between its death and the next list has no whole answer. */
async function uidCount(asker: WsClient): Promise<unknown> {
  const { value, code } = await asker.attempt('getUidCount');
  return value ?? code;
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
