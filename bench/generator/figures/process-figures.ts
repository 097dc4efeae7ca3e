import { readFileSync } from 'node:fs';

/** What `/proc` counts CPU time in: 1/100 s, on every Linux that Node runs on. */
const TICKS_PER_S = 100;
/** Of `/proc/net/sockstat`. Where pages are larger, figures of two runs compare all the same. */
const KIB_PER_PAGE = 4;
/** In the line of `/proc/<pid>/stat`, counted after the name in brackets. */
const UTIME = 11;
const STIME = 12;

/** CPU seconds and memory at one moment. Differences of two of them say what a run cost. */
export interface Sample {
  readonly atMs: number;
  readonly serverCpuS: number;
  readonly serverRssKib: number;
  readonly ownCpuS: number;
  /** Of the whole machine: to see when something else disturbed the run. */
  readonly busyCpuS: number;
  readonly stolenCpuS: number;
}

export function takeSample(pids: readonly number[]): Sample {
  const own = process.cpuUsage();
  const machine = machineCpu();
  return {
    atMs: performance.now(),
    serverCpuS: sumOf(pids, cpuSeconds),
    serverRssKib: sumOf(pids, rssKib),
    ownCpuS: (own.user + own.system) / 1e6,
    busyCpuS: machine.busy,
    stolenCpuS: machine.stolen,
  };
}

/** What stands in the way of measuring this process, or undefined. */
export function whyUnmeasurable(pid: number): string | undefined {
  if (process.platform !== 'linux')
    return 'processes are measured through /proc, which Linux has; leave it out';
  return Number.isNaN(cpuSeconds(pid)) ? `there is no process ${pid}` : undefined;
}

/** NaN when there is no such process (any more): a figure without it would be wrong. */
function cpuSeconds(pid: number): number {
  const stat = textOf(`/proc/${pid}/stat`);
  // The name may contain blanks and brackets itself; the last closing one ends it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_S;
}

function rssKib(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`))?.[1]);
}

function machineCpu(): { busy: number; stolen: number } {
  const fields = /^cpu\s+(.*)$/m.exec(textOf('/proc/stat'))?.[1]?.split(' ').map(Number) ?? [];
  const [user = Number.NaN, nice = 0, system = 0, , , irq = 0, softirq = 0, stolen = Number.NaN] = fields;
  return { busy: (user + nice + system + irq + softirq) / TICKS_PER_S, stolen: stolen / TICKS_PER_S };
}

/** What the kernel holds for all TCP sockets of the machine; NaN where that cannot be read. */
export function kernelTcpKib(): number {
  return Number(/^TCP: .* mem (\d+)/m.exec(textOf('/proc/net/sockstat'))?.[1]) * KIB_PER_PAGE;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function sumOf(pids: readonly number[], figure: (pid: number) => number): number {
  return pids.reduce((sum, pid) => sum + figure(pid), 0);
}
