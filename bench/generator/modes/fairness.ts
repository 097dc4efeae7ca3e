import type { LoadOptions } from '../options.js';
import type { Run, Traffic } from '../run.js';
import { BroadcastTraffic } from './broadcast-traffic.js';
import { EchoTraffic } from './echo-traffic.js';
import { openPublisher, Publisher, waitForSubscribers } from './publisher.js';

/** What a message begins with for the server's handler, as in `B:text`. */
const COMMAND_AT_END = /[A-Za-z]:$/;

/** Echoes at a fixed rate beside broadcasts at a fixed rate. @returns whether everything was opened and something was measured */
export async function fairness(run: Run): Promise<boolean> {
  const { options, report } = run;
  const echoes = new EchoTraffic(echoOptions(options), run.counts);
  const broadcasts = new BroadcastTraffic(broadcastOptions(options), run.counts);
  const subscribers = run.opener(options.greeting, broadcasts);
  const echoing = run.opener(options.pubGreeting, echoes);
  const areAllOpen = await run.open(subscribers, options.subs);
  await echoing.openAll(options.conns, options.connectTimeoutMs);
  const publisher = new Publisher();
  const connection = await openPublisher(run, publisher);
  if (subscribers.open.length === 0 || echoing.open.length === 0 || connection === undefined) return false;
  await run.phases.last(options.settleMs);
  const areAllSubscribed = await waitForSubscribers(run, broadcasts, connection);
  report.add('inflight', options.inflight);
  report.add('size', options.sizeBytes);
  report.add('publish_rate', options.publishRatePerS);
  broadcasts.start(connection);
  echoes.start(echoing.open);
  const window = await run.measure(
    both(echoes, broadcasts),
    () => echoes.allAnswered && broadcasts.isDrained,
  );
  echoes.report(report, window.seconds);
  broadcasts.report(report, window.seconds, 'broadcast_');
  report.add('publisher_received', publisher.received);
  run.cpu(window, echoes.counted + broadcasts.counted);
  return areAllOpen && echoing.open.length === options.conns && areAllSubscribed && echoes.counted > 0;
}

function echoOptions(options: LoadOptions): LoadOptions {
  const { prefix, suffix, echoPrefix = prefix.replace(COMMAND_AT_END, ''), echoSuffix = suffix } = options;
  return { ...options, prefix: echoPrefix, suffix: echoSuffix };
}

function broadcastOptions(options: LoadOptions) {
  return { ...options, sizeBytes: options.publishSizeBytes, ratePerS: options.publishRatePerS, window: 0 };
}

function both(...traffics: readonly Traffic[]): Traffic {
  return {
    count: (isCounting) => traffics.forEach((traffic) => traffic.count(isCounting)),
    stop: async () => void (await Promise.all(traffics.map((traffic) => traffic.stop()))),
  };
}
