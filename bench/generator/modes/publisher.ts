import type { Run } from '../run.js';
import type { Connection, ConnectionOwner } from '../wire/connection.js';
import type { BroadcastTraffic } from './broadcast-traffic.js';

const PROBE_EVERY_MS = 250;
const MOST_PROBING_MS = 10_000;
/** For probes that are still on their way to some. */
const QUIET_MS = 100;

/** Who publishes. What it gets itself is counted and otherwise left alone. */
export class Publisher implements ConnectionOwner {
  received = 0;

  opened(): void {
    // Publishes when it is told to.
  }

  message(): void {
    this.received++;
  }

  readDone(): void {
    // Nothing is sent because of what it got.
  }

  closed(): void {
    // That broadcasts do not arrive any more says it.
  }
}

/** @returns undefined when it cannot connect; the counts say why */
export async function openPublisher(run: Run, publisher: Publisher): Promise<Connection | undefined> {
  const opener = run.opener(run.options.pubGreeting, publisher);
  await opener.openAll(1, run.options.connectTimeoutMs);
  const [connection] = opener.open;
  if (connection === undefined) run.counts.note('the publisher could not connect');
  return connection;
}

/** Publishes probes until every subscriber has had one. @returns false when some have had none after 10 s */
export async function waitForSubscribers(
  { phases, report, counts }: Run,
  traffic: BroadcastTraffic,
  publisher: Connection,
): Promise<boolean> {
  const beganMs = performance.now();
  while (
    !traffic.isEveryoneSubscribed &&
    performance.now() - beganMs < MOST_PROBING_MS &&
    !phases.isInterrupted
  ) {
    traffic.probe(publisher);
    await phases.until(() => traffic.isEveryoneSubscribed, PROBE_EVERY_MS);
  }
  report.fine('sync_s', (performance.now() - beganMs) / 1000);
  if (!traffic.isEveryoneSubscribed)
    counts.note('broadcasts do not reach every subscriber: see --hello and --prefix');
  await phases.last(QUIET_MS);
  return traffic.isEveryoneSubscribed;
}
