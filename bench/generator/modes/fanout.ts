import type { Run } from '../run.js';
import { BroadcastTraffic } from './broadcast-traffic.js';
import { openPublisher, Publisher, waitForSubscribers } from './publisher.js';

/** One publishes, all others get it. @returns whether everything was opened and something was measured */
export async function fanout(run: Run): Promise<boolean> {
  const { options, report } = run;
  const traffic = new BroadcastTraffic(options, run.counts);
  const publisher = new Publisher();
  const subscribers = run.opener(options.greeting, traffic);
  const areAllOpen = await run.open(subscribers, options.subs);
  const connection = await openPublisher(run, publisher);
  if (subscribers.open.length === 0 || connection === undefined) return false;
  await run.phases.last(options.settleMs);
  const areAllSubscribed = await waitForSubscribers(run, traffic, connection);
  report.add('size', options.sizeBytes);
  if (options.window > 0) report.add('window', options.window);
  if (options.ratePerS > 0) report.add('target_rate', options.ratePerS);
  traffic.start(connection);
  const window = await run.measure(traffic, () => traffic.isDrained);
  traffic.report(report, window.seconds);
  report.add('publisher_received', publisher.received);
  run.cpu(window, traffic.counted);
  return areAllOpen && areAllSubscribed && traffic.counted > 0;
}
