import type { Run } from '../run.js';
import { EchoTraffic } from './echo-traffic.js';

/** Round trips. @returns whether everything was opened and something was measured */
export async function echo(run: Run): Promise<boolean> {
  const { options, report } = run;
  const traffic = new EchoTraffic(options, run.counts);
  const opener = run.opener(options.greeting, traffic);
  const isComplete = await run.open(opener, options.conns);
  if (opener.open.length === 0) return false;
  await run.phases.last(options.settleMs);
  report.add('inflight', options.inflight);
  report.add('size', options.sizeBytes);
  traffic.start(opener.open);
  const window = await run.measure(traffic, () => traffic.allAnswered);
  traffic.report(report, window.seconds);
  run.cpu(window, traffic.counted);
  return isComplete && traffic.counted > 0;
}
