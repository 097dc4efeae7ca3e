import type { Report } from '../figures/report.js';
import type { LoadOptions } from '../options.js';
import type { Connection, ConnectionOwner } from '../wire/connection.js';
import type { ConnectionCounts } from '../wire/connection-counts.js';
import type { RequestBatch } from '../wire/request-batch.js';
import { DUPLICATE, EchoLedger, FOREIGN } from './echo-ledger.js';
import { EchoPayload } from './echo-payload.js';

/** One message and its answer on every connection, some connections at a time; before and after, silence. */
export class EchoOnce implements ConnectionOwner {
  readonly #payload: EchoPayload;
  readonly #batch: RequestBatch;
  readonly #ledger: EchoLedger;
  #waiting: Connection[] = [];
  #wrongLength = 0;
  #corrupt = 0;

  constructor(
    private readonly options: LoadOptions,
    private readonly counts: ConnectionCounts,
  ) {
    this.#payload = new EchoPayload(options);
    this.#batch = this.#payload.createBatch();
    this.#ledger = new EchoLedger(options.conns, 1);
  }

  get isDone(): boolean {
    return this.#waiting.length === 0 && this.#ledger.allAnswered;
  }

  start(connections: readonly Connection[]): void {
    this.#waiting = [...connections].reverse();
    for (let i = 0; i < this.options.concurrency; i++) this.#next();
  }

  opened(): void {
    // Stays silent until all are told to speak.
  }

  message(connection: Connection, bytes: Buffer, start: number, end: number): void {
    const value = this.#payload.read(bytes, start, end);
    const answered = value < 0 ? FOREIGN : this.#ledger.answer(connection.index, value);
    if (answered === FOREIGN) this.counts.otherFrames++;
    if (answered === FOREIGN || answered === DUPLICATE) return;
    if (!this.#payload.hasItsLength(end - start)) this.#wrongLength++;
    else if (!this.#payload.isIntact(bytes, start, end)) this.#corrupt++;
    this.#next();
  }

  readDone(): void {
    // Each message goes out on another connection than the one that was read.
  }

  closed(connection: Connection): void {
    if (this.#ledger.underWay(connection.index) > 0) this.#next();
  }

  report(report: Report): void {
    report.add('total_sent', this.#ledger.sent);
    report.add('total_received', this.#ledger.answered);
    report.add('lost', this.#ledger.sent - this.#ledger.answered);
    report.add('duplicates', this.#ledger.duplicates);
    report.add('len_mismatch', this.#wrongLength);
    report.add('corrupt', this.#corrupt);
  }

  #next(): void {
    let connection = this.#waiting.pop();
    while (connection !== undefined && !connection.isOpen) connection = this.#waiting.pop();
    if (connection === undefined) return;
    this.#batch.add(this.#ledger.send(connection.index, performance.now()), connection);
    this.#batch.sendTo(connection);
  }
}
