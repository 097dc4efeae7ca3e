import { Histogram } from '../figures/histogram.js';
import type { Report } from '../figures/report.js';
import type { LoadOptions } from '../options.js';
import { Pacer } from '../pacer.js';
import type { Connection, ConnectionOwner } from '../wire/connection.js';
import type { ConnectionCounts } from '../wire/connection-counts.js';
import type { RequestBatch } from '../wire/request-batch.js';
import { DUPLICATE, EchoLedger, FOREIGN } from './echo-ledger.js';
import { EchoPayload } from './echo-payload.js';

/** A pass sends at most so much before it lets answers in. */
const MOST_PER_PASS = 4096;

/**
 * Messages and their answers: each answer causes the next message (closed loop), or messages leave at their own times, whatever the
 * server does (open loop; latency then counts from when a message was due).
 */
export class EchoTraffic implements ConnectionOwner {
  readonly #payload: EchoPayload;
  readonly #batch: RequestBatch;
  readonly #ledger: EchoLedger;
  readonly #roundTrip = new Histogram();
  readonly #sendLag = new Histogram();
  readonly #pacer: Pacer | undefined;
  #connections: readonly Connection[] = [];
  /** Whose turn it is in the open loop. */
  #turn = 0;
  #isSending = false;
  #isCounting = false;
  #isFirstOfRead = true;
  #counted = 0;
  #countedBytes = 0;
  #corrupt = 0;
  #wrongLength = 0;
  #blocked = 0;

  constructor(
    private readonly options: LoadOptions,
    private readonly counts: ConnectionCounts,
  ) {
    this.#payload = new EchoPayload(options);
    this.#batch = this.#payload.createBatch();
    this.#ledger = new EchoLedger(options.conns, options.inflight);
    if (options.ratePerS > 0) this.#pacer = new Pacer(options.ratePerS, () => this.#sendDue());
  }

  get counted(): number {
    return this.#counted;
  }

  get allAnswered(): boolean {
    return this.#ledger.allAnswered;
  }

  /** @param connections each with its index, open */
  start(connections: readonly Connection[]): void {
    this.#connections = connections;
    this.#isSending = true;
    if (this.#pacer !== undefined) return this.#pacer.start();
    for (const connection of connections) {
      for (let i = 0; i < this.options.inflight; i++) this.#send(connection, performance.now());
      this.#batch.sendTo(connection);
    }
  }

  count(isCounting: boolean): void {
    this.#isCounting = isCounting;
  }

  async stop(): Promise<void> {
    this.#isSending = false;
    await this.#pacer?.stop();
  }

  opened(): void {
    // Begins when all are open.
  }

  message(connection: Connection, bytes: Buffer, start: number, end: number, nowMs: number): void {
    const value = this.#payload.read(bytes, start, end);
    const dueMs = value < 0 ? FOREIGN : this.#ledger.answer(connection.index, value);
    if (dueMs === FOREIGN) this.counts.otherFrames++;
    if (dueMs === FOREIGN || dueMs === DUPLICATE) return;
    this.#verify(bytes, start, end);
    if (this.#isCounting) {
      this.#counted++;
      this.#countedBytes += end - start;
      this.#roundTrip.record(nowMs - dueMs);
    }
    if (this.#pacer === undefined && this.#isSending) this.#send(connection, nowMs);
  }

  readDone(connection: Connection): void {
    this.#isFirstOfRead = true;
    this.#batch.sendTo(connection);
  }

  closed(connection: Connection): void {
    this.counts.note(`connection ${connection.index} ended`);
  }

  report(report: Report, seconds: number): void {
    const ledger = this.#ledger;
    report.add('round_trips', this.#counted);
    report.coarse('round_trips_per_s', this.#counted / seconds);
    report.fine('mb_per_s_each_way', this.#countedBytes / seconds / 1e6);
    report.latency('rtt', this.#roundTrip);
    report.add('total_sent', ledger.sent);
    report.add('total_received', ledger.answered);
    report.add('lost', ledger.sent - ledger.answered);
    report.add('duplicates', ledger.duplicates);
    report.add('out_of_order', ledger.outOfOrder);
    report.add('len_mismatch', this.#wrongLength);
    report.add('corrupt', this.#corrupt);
    if (this.#pacer === undefined) return;
    report.add('target_rate', this.options.ratePerS);
    report.add('ticks_without_free_slot', this.#blocked);
    report.coarse('send_lag_p50_us', this.#sendLag.percentileUs(0.5));
    report.coarse('send_lag_p99_us', this.#sendLag.percentileUs(0.99));
  }

  #send(connection: Connection, dueMs: number): void {
    this.#batch.add(this.#ledger.send(connection.index, dueMs), connection);
  }

  /** All bytes of the first answer of a read, so that the check costs the same however many come together; the length of all. */
  #verify(bytes: Buffer, start: number, end: number): void {
    if (!this.#payload.hasItsLength(end - start)) {
      this.#wrongLength++;
    } else if (this.#isFirstOfRead || this.options.verifyAll) {
      if (!this.#payload.isIntact(bytes, start, end)) this.#corrupt++;
    }
    this.#isFirstOfRead = false;
  }

  #sendDue(): void {
    const pacer = this.#pacer!;
    for (let i = 0; i < MOST_PER_PASS && this.#isSending; i++) {
      const nowMs = performance.now();
      const { dueMs } = pacer;
      if (dueMs > nowMs) return;
      const connection = this.#nextFree();
      if (connection === undefined) return void this.#blocked++;
      pacer.take();
      if (this.#isCounting) this.#sendLag.record(nowMs - dueMs);
      this.#send(connection, dueMs);
      this.#batch.sendTo(connection);
    }
  }

  #nextFree(): Connection | undefined {
    const connections = this.#connections;
    for (let i = 0; i < connections.length; i++) {
      const connection = connections[this.#turn]!;
      this.#turn = (this.#turn + 1) % connections.length;
      if (connection.isOpen && this.#ledger.underWay(connection.index) < this.options.inflight)
        return connection;
    }
    return undefined;
  }
}
