import type { Run } from '../run.js';
import { ChurnTraffic } from './churn-traffic.js';

/** Connections that come and go. @returns whether something was measured */
export async function churn(run: Run): Promise<boolean> {
  const { options, report, counts } = run;
  const traffic = new ChurnTraffic(options, counts);
  const opener = run.opener(options.greeting, traffic);
  traffic.start(opener);
  await opener.openAll(options.conns, options.connectTimeoutMs);
  const areAllGone = (): boolean => opener.connections.every(({ state }) => state === 'closed');
  const window = await run.measure(traffic, areAllGone);
  traffic.end();
  report.add('size', options.sizeBytes);
  traffic.report(report, window.seconds);
  run.cpu(window, traffic.counted);
  return traffic.counted > 0;
}
