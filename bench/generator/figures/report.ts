import type { ConnectionCounts } from '../wire/connection-counts.js';
import type { Histogram } from './histogram.js';
import type { Sample } from './process-figures.js';

export type Figures = Readonly<Record<string, number | string>>;

const KIB_PER_MIB = 1024;
/** Decimals kept: times in µs with one, rates with one, shares and seconds with three. */
const FINE = 3;
const COARSE = 1;

/** Collects the figures of a run under the names that scripts read. */
export class Report {
  readonly #figures: Record<string, number | string> = {};

  get figures(): Figures {
    return this.#figures;
  }

  /** A count or a name, as it is. What could not be measured is left out. */
  add(name: string, value: number | string): void {
    if (typeof value === 'string' || Number.isFinite(value)) this.#figures[name] = value;
  }

  fine(name: string, value: number): void {
    this.add(name, rounded(value, FINE));
  }

  coarse(name: string, value: number): void {
    this.add(name, rounded(value, COARSE));
  }

  latency(name: string, histogram: Histogram): void {
    for (const [key, value] of Object.entries(histogram.summary())) this.coarse(`${name}_${key}_us`, value);
  }

  /** @param operations what the CPU time is divided by: round trips, deliveries or cycles */
  cpu(before: Sample, after: Sample, operations: number, hasPids: boolean): void {
    const seconds = (after.atMs - before.atMs) / 1000;
    const server = after.serverCpuS - before.serverCpuS;
    const own = after.ownCpuS - before.ownCpuS;
    if (hasPids) {
      this.fine('server_cpu_s', server);
      this.fine('server_cpu_share', server / seconds);
      this.fine('server_cpu_s_per_1M', perMillion(server, operations));
      this.coarse('server_rss_mb_before', before.serverRssKib / KIB_PER_MIB);
      this.coarse('server_rss_mb_after', after.serverRssKib / KIB_PER_MIB);
    }
    this.fine('gen_cpu_s', own);
    this.fine('gen_cpu_share', own / seconds);
    this.fine('gen_cpu_s_per_1M', perMillion(own, operations));
    const others = after.busyCpuS - before.busyCpuS - own - (hasPids ? server : 0);
    const name = hasPids ? 'other_cpu_share' : 'server_and_other_cpu_share';
    this.fine(name, Math.max(0, others / seconds));
    this.fine('steal_share', (after.stolenCpuS - before.stolenCpuS) / seconds);
  }

  connections(counts: ConnectionCounts): void {
    this.add('connect_fail', counts.connectFailures);
    this.add('handshake_fail', counts.upgradeFailures);
    this.add('resets', counts.resets);
    this.add('closed_by_server', counts.closedByServer);
    this.add('protocol_errors', counts.protocolErrors);
    this.add('timeouts', counts.timeouts);
    this.add('other_frames', counts.otherFrames);
    this.add('greeting_frames', counts.greetingFrames);
    this.add('pings', counts.pings);
    this.add('recv_calls', counts.reads);
    this.add('send_calls', counts.writes);
    if (counts.firstError !== undefined) this.add('first_error', counts.firstError);
  }

  /** One JSON object in a line, or a line a figure. */
  print(asJson: boolean): string {
    if (asJson) return `${JSON.stringify(this.#figures)}\n`;
    return Object.entries(this.#figures)
      .map(([name, value]) => `${name.padEnd(30)} ${value}\n`)
      .join('');
  }
}

function perMillion(seconds: number, operations: number): number {
  return operations === 0 ? 0 : (seconds * 1e6) / operations;
}

function rounded(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
