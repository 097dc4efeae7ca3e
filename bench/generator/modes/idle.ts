import { kernelTcpKib, type Sample, takeSample } from '../figures/process-figures.js';
import type { Run } from '../run.js';
import { EchoOnce } from './echo-once.js';

const KIB_PER_MIB = 1024;

/** Connections that do nothing. @param ready called when they are open @returns whether all were opened */
export async function idle(run: Run, ready: (open: number) => void): Promise<boolean> {
  const { options, report, counts } = run;
  const traffic = new EchoOnce(options, counts);
  const opener = run.opener(options.greeting, traffic);
  const before = momentOf(run);
  const isComplete = await run.open(opener, options.conns);
  const open = counts.openNow;
  if (open === 0) return false;
  await run.phases.last(options.settleMs);
  const opened = momentOf(run);
  ready(open);
  await run.phases.last(options.holdMs);
  const held = momentOf(run);
  report.fine('hold_s', (held.sample.atMs - opened.sample.atMs) / 1000);
  report.add('still_open', counts.openNow);
  report.add('failures', counts.connectFailures + counts.upgradeFailures + counts.timeouts);
  reportMemory(run, open, before, [
    ['ready', '', opened],
    ['end', '_end', held],
  ]);
  reportCpu(run, open, [before, opened, held]);
  if (!options.echoOnce) return isComplete;
  traffic.start(opener.open);
  await run.phases.until(() => traffic.isDone, options.connectTimeoutMs);
  await run.phases.last(options.settleMs);
  reportMemory(run, open, before, [['echoed', '_echoed', momentOf(run)]]);
  traffic.report(report);
  return isComplete && traffic.isDone;
}

interface Moment {
  readonly sample: Sample;
  readonly kernelKib: number;
}

function momentOf({ options }: Run): Moment {
  return { sample: takeSample(options.pids), kernelKib: kernelTcpKib() };
}

function reportMemory(
  { report, options }: Run,
  open: number,
  before: Moment,
  moments: readonly (readonly [name: string, perConnection: string, moment: Moment])[],
): void {
  for (const [name, perConnection, { sample, kernelKib }] of moments) {
    if (options.pids.length > 0) {
      report.fine('server_rss_mb_before', before.sample.serverRssKib / KIB_PER_MIB);
      report.fine(`server_rss_mb_${name}`, sample.serverRssKib / KIB_PER_MIB);
      const grownKib = sample.serverRssKib - before.sample.serverRssKib;
      report.fine(`server_rss_kb_per_conn${perConnection}`, grownKib / open);
    }
    // Of the whole machine, both ends: RSS leaves out what the kernel holds for sockets.
    report.fine(`kernel_tcp_kb_per_conn${perConnection}`, (kernelKib - before.kernelKib) / open);
  }
}

function reportCpu(
  { report, options }: Run,
  open: number,
  [before, opened, held]: readonly [Moment, Moment, Moment],
): void {
  const connect = opened.sample.serverCpuS - before.sample.serverCpuS;
  if (options.pids.length > 0) {
    report.fine('server_cpu_s_connect', connect);
    report.fine('server_cpu_s_hold', held.sample.serverCpuS - opened.sample.serverCpuS);
    report.fine('server_cpu_s_per_1M_connects', (connect * 1e6) / open);
  }
  report.fine('gen_cpu_s_connect', opened.sample.ownCpuS - before.sample.ownCpuS);
  report.fine('gen_cpu_s_hold', held.sample.ownCpuS - opened.sample.ownCpuS);
}
