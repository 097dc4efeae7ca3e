import { Histogram } from '../figures/histogram.js';
import type { Report } from '../figures/report.js';
import type { LoadOptions } from '../options.js';
import { Pacer } from '../pacer.js';
import type { Connection, ConnectionOwner } from '../wire/connection.js';
import type { ConnectionCounts } from '../wire/connection-counts.js';
import type { RequestBatch } from '../wire/request-batch.js';
import { BroadcastLedger, MOST_UNDER_WAY, REPEATED, UNKNOWN } from './broadcast-ledger.js';
import { BroadcastPayload } from './broadcast-payload.js';

/** Carried by what is published until everyone is subscribed. */
const PROBE = 0xffff_ffff;
const MOST_PER_PASS = 1024;
const STALLED_AFTER_MS = 1000;
const LOOK_EVERY_MS = 100;

export interface BroadcastSettings extends Pick<
  LoadOptions,
  'subs' | 'prefix' | 'suffix' | 'sizeBytes' | 'binary' | 'verifyAll'
> {
  /** Publishes a second; 0 publishes the next when the window allows it. */
  readonly ratePerS: number;
  /** Publishes that may be under way; 0 for any number. */
  readonly window: number;
}

/**
 * Publishes and their deliveries to every subscriber. It owns the subscribers' connections; the publisher's has an owner of its own,
 * since what it gets itself is not to be measured.
 */
export class BroadcastTraffic implements ConnectionOwner {
  readonly #payload: BroadcastPayload;
  readonly #batch: RequestBatch;
  readonly #ledger: BroadcastLedger;
  readonly #latency = new Histogram();
  readonly #toLast = new Histogram();
  readonly #pacer: Pacer | undefined;
  readonly #hasHadProbe: Uint8Array;
  readonly #window: number;
  #publisher: Connection | undefined;
  #stallTimer: NodeJS.Timeout | undefined;
  #progressMs = 0;
  #isPublishing = false;
  #isCounting = false;
  #isFirstOfRead = true;
  #counted = 0;
  #countedPublishes = 0;
  #corrupt = 0;
  #probes = 0;
  #probeDeliveries = 0;
  #synced = 0;
  #stalls = 0;
  #blocked = 0;
  #mostLagMs = 0;

  constructor(
    private readonly settings: BroadcastSettings,
    private readonly counts: ConnectionCounts,
  ) {
    this.#payload = new BroadcastPayload(settings);
    this.#batch = this.#payload.createBatch();
    this.#ledger = new BroadcastLedger(settings.subs, settings.window);
    this.#hasHadProbe = new Uint8Array(settings.subs);
    this.#window = settings.window === 0 ? MOST_UNDER_WAY : settings.window;
    if (settings.ratePerS > 0) this.#pacer = new Pacer(settings.ratePerS, () => this.#publishDue());
  }

  get counted(): number {
    return this.#counted;
  }

  get isDrained(): boolean {
    return this.#ledger.lost <= 0;
  }

  get isEveryoneSubscribed(): boolean {
    return this.#synced >= this.#ledger.live;
  }

  /** Publishes something that does not count, to see whom it reaches. */
  probe(publisher: Connection): void {
    this.#probes++;
    this.#batch.add(PROBE, publisher);
    this.#batch.sendTo(publisher);
  }

  start(publisher: Connection): void {
    this.#publisher = publisher;
    this.#isPublishing = true;
    this.#progressMs = performance.now();
    this.#stallTimer = setInterval(() => this.#lookForStall(), LOOK_EVERY_MS);
    if (this.#pacer === undefined) this.#fillWindow();
    else this.#pacer.start();
  }

  count(isCounting: boolean): void {
    this.#isCounting = isCounting;
    if (isCounting) this.#mostLagMs = 0;
  }

  async stop(): Promise<void> {
    this.#isPublishing = false;
    clearInterval(this.#stallTimer);
    await this.#pacer?.stop();
  }

  opened(): void {
    this.#ledger.live++;
  }

  message(connection: Connection, bytes: Buffer, start: number, end: number, nowMs: number): void {
    const value = this.#payload.read(bytes, start, end);
    if (value === PROBE) return this.#noteProbe(connection.index);
    const publishedMs = value < 0 ? UNKNOWN : this.#ledger.deliver(connection.index, value);
    if (publishedMs === UNKNOWN) this.counts.otherFrames++;
    if (publishedMs === UNKNOWN || publishedMs === REPEATED) return;
    if (this.#isFirstOfRead || this.settings.verifyAll) {
      if (!this.#payload.isIntact(bytes, start, end)) this.#corrupt++;
      this.#isFirstOfRead = false;
    }
    if (this.#isCounting) {
      this.#counted++;
      this.#latency.record(nowMs - publishedMs);
    }
    if (!this.#ledger.isComplete) return;
    this.#progressMs = nowMs;
    if (this.#isCounting) this.#toLast.record(nowMs - publishedMs);
  }

  readDone(): void {
    this.#isFirstOfRead = true;
    if (this.#pacer === undefined) this.#fillWindow();
  }

  closed(connection: Connection, reached: Connection['state']): void {
    if (reached !== 'open' && reached !== 'closing') return;
    this.#ledger.live--;
    this.counts.note(`subscriber ${connection.index} ended`);
  }

  /** @param name put before the figures that echoes have as well */
  report(report: Report, seconds: number, name = ''): void {
    const ledger = this.#ledger;
    report.add('publishes', this.#countedPublishes);
    report.coarse('publishes_per_s', this.#countedPublishes / seconds);
    report.add('deliveries', this.#counted);
    report.coarse('deliveries_per_s', this.#counted / seconds);
    report.latency('latency', this.#latency);
    report.latency('all_subs_latency', this.#toLast);
    report.add('total_published', ledger.published);
    report.add('total_expected', ledger.expected);
    report.add(`${name}total_received`, ledger.delivered + ledger.duplicates);
    report.add(`${name}lost`, ledger.lost);
    report.add(`${name}duplicates`, ledger.duplicates);
    report.add(`${name}out_of_order`, ledger.outOfOrder);
    report.add(`${name}corrupt`, this.#corrupt);
    report.add('gaps', ledger.gaps);
    report.add('probes', this.#probes);
    report.add('probe_deliveries', this.#probeDeliveries);
    report.add('subs_synced', this.#synced);
    report.add('window_stalls', this.#stalls);
    report.add('publish_blocked', this.#blocked);
    report.add('subs_at_end', ledger.live);
    if (this.#pacer !== undefined) report.coarse('publish_lag_max_us', this.#mostLagMs * 1000);
  }

  #publish(dueMs: number): void {
    this.#batch.add(this.#ledger.publish(dueMs), this.#publisher!);
    if (this.#isCounting) this.#countedPublishes++;
  }

  #fillWindow(): void {
    const publisher = this.#publisher;
    if (!this.#isPublishing || publisher === undefined || !publisher.isOpen) return;
    if (this.#ledger.underWay >= this.#window) return;
    const nowMs = performance.now();
    while (this.#ledger.underWay < this.#window) this.#publish(nowMs);
    this.#batch.sendTo(publisher);
  }

  #publishDue(): void {
    const pacer = this.#pacer!;
    const publisher = this.#publisher!;
    for (let i = 0; i < MOST_PER_PASS && this.#isPublishing && publisher.isOpen; i++) {
      const nowMs = performance.now();
      const { dueMs } = pacer;
      if (dueMs > nowMs) break;
      if (this.#ledger.underWay >= this.#window) {
        this.#blocked++;
        break;
      }
      pacer.take();
      this.#mostLagMs = Math.max(this.#mostLagMs, nowMs - dueMs);
      this.#publish(dueMs);
    }
    this.#batch.sendTo(publisher);
  }

  /** A lost delivery must not end the run: after a while the window opens without it. */
  #lookForStall(): void {
    const nowMs = performance.now();
    if (this.#ledger.underWay === 0 || nowMs - this.#progressMs < STALLED_AFTER_MS) return;
    this.#progressMs = nowMs;
    if (this.#ledger.underWay < this.#window) return;
    this.#stalls++;
    this.#ledger.giveUp();
    if (this.#pacer === undefined) this.#fillWindow();
  }

  #noteProbe(subscriber: number): void {
    this.#probeDeliveries++;
    if (this.#hasHadProbe[subscriber] !== 0) return;
    this.#hasHadProbe[subscriber] = 1;
    this.#synced++;
  }
}
