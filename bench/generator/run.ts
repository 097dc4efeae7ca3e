import { type Sample, takeSample } from './figures/process-figures.js';
import { Report } from './figures/report.js';
import type { LoadOptions } from './options.js';
import { Phases } from './phases.js';
import type { ConnectionOwner } from './wire/connection.js';
import { ConnectionCounts } from './wire/connection-counts.js';
import { Greeting, type GreetingStep } from './wire/greeting.js';
import { Opener } from './wire/opener.js';
import { Upgrade } from './wire/upgrade.js';

/** How long the connections have at the end to say goodbye. */
const GOODBYE_MS = 1000;

/** What a run sends and measures. */
export interface Traffic {
  /** From now on, or not any more, it counts. */
  count(isCounting: boolean): void;
  /** Sends nothing new; answers still count as such. */
  stop(): Promise<void>;
}

/** The part of a run that counts. */
export interface Window {
  readonly before: Sample;
  readonly after: Sample;
  readonly seconds: number;
}

/** What every mode needs: connections, phases, and the report that they end in. */
export class Run {
  readonly counts = new ConnectionCounts();
  readonly report = new Report();
  readonly phases: Phases;
  readonly #openers: Opener[] = [];

  constructor(
    readonly options: LoadOptions,
    interrupted?: AbortSignal,
  ) {
    this.phases = new Phases(interrupted);
  }

  /** For connections that begin with this greeting and belong to this owner. */
  opener(greeting: readonly GreetingStep[], owner: ConnectionOwner): Opener {
    const { host, port, engineIo, concurrency, sourceAddresses } = this.options;
    const opener = new Opener(
      {
        host,
        port,
        upgrade: new Upgrade(this.options),
        greeting: new Greeting(greeting),
        counts: this.counts,
        engineIo,
      },
      { concurrency, sourceAddresses },
      owner,
    );
    this.#openers.push(opener);
    return opener;
  }

  /** Connects, and reports how that went. @returns whether all are open */
  async open(opener: Opener, count: number): Promise<boolean> {
    const ms = await opener.openAll(count, this.options.connectTimeoutMs);
    const open = opener.open.length;
    this.report.add('opened', open);
    this.report.fine('connect_s', ms / 1000);
    this.report.coarse('connects_per_s', (open / ms) * 1000);
    return open === count;
  }

  /** The traffic has begun: warms up, measures, and lets the last answers come. */
  async measure(traffic: Traffic, isDrained: () => boolean): Promise<Window> {
    const { warmupMs, runMs, drainMs, pids } = this.options;
    await this.phases.last(warmupMs);
    const before = takeSample(pids);
    traffic.count(true);
    await this.phases.last(runMs);
    traffic.count(false);
    const after = takeSample(pids);
    await traffic.stop();
    await this.phases.until(isDrained, drainMs);
    const seconds = (after.atMs - before.atMs) / 1000;
    this.report.fine('seconds', seconds);
    return { before, after, seconds };
  }

  /** @param operations what the CPU time is divided by */
  cpu({ before, after }: Window, operations: number): void {
    this.report.cpu(before, after, operations, this.options.pids.length > 0);
  }

  /** Says goodbye on every connection. */
  async close(): Promise<void> {
    const connections = this.#openers.flatMap((opener) => opener.connections);
    for (const connection of connections) connection.close();
    await this.phases.until(() => this.counts.openNow === 0, GOODBYE_MS);
    for (const connection of connections) connection.destroy();
  }
}
