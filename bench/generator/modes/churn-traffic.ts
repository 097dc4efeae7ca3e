import { Histogram } from '../figures/histogram.js';
import type { Report } from '../figures/report.js';
import type { LoadOptions } from '../options.js';
import type { Connection, ConnectionOwner, ConnectionState } from '../wire/connection.js';
import type { ConnectionCounts } from '../wire/connection-counts.js';
import type { Opener } from '../wire/opener.js';
import type { RequestBatch } from '../wire/request-batch.js';
import { DUPLICATE, EchoLedger, FOREIGN } from './echo-ledger.js';
import { EchoPayload } from './echo-payload.js';

const LOOK_EVERY_MS = 20;
/** Failed connections are tried again four times a second: no hot loop of failures. */
const RETRY_EVERY_MS = 250;
const LONGEST_LIFE_MS = 5000;
const LONGEST_CLOSING_MS = 2000;
/** A server that has answered the Close and leaves the socket open waits for us to end it. */
const PATIENCE_FOR_FIN_MS = 2 * LOOK_EVERY_MS;

/** Connections that open, echo one message, say goodbye, see the server close, and begin anew. */
export class ChurnTraffic implements ConnectionOwner {
  readonly #payload: EchoPayload;
  readonly #batch: RequestBatch;
  readonly #ledger: EchoLedger;
  readonly #toOpen = new Histogram();
  readonly #toEcho = new Histogram();
  /** `[connection]`: since when it says goodbye; 0 when it does not. */
  readonly #closingSince: Float64Array;
  readonly #isEndedByUs: Uint8Array;
  #opener: Opener | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastRetryMs = 0;
  #isRunning = false;
  #isCounting = false;
  #cycles = 0;
  #counted = 0;
  #wrongLength = 0;
  #corrupt = 0;
  #closeTimeouts = 0;
  #unansweredCloses = 0;
  #lateFins = 0;

  constructor(
    options: LoadOptions,
    private readonly counts: ConnectionCounts,
  ) {
    this.#payload = new EchoPayload(options);
    this.#batch = this.#payload.createBatch();
    this.#ledger = new EchoLedger(options.conns, 1);
    this.#closingSince = new Float64Array(options.conns);
    this.#isEndedByUs = new Uint8Array(options.conns);
  }

  get counted(): number {
    return this.#counted;
  }

  /** @param opener of the connections that this owns */
  start(opener: Opener): void {
    this.#opener = opener;
    this.#isRunning = true;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  count(isCounting: boolean): void {
    this.#isCounting = isCounting;
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
  }

  /** No more looking after the connections that are left. */
  end(): void {
    clearInterval(this.#timer);
  }

  opened(connection: Connection): void {
    if (this.#isCounting) this.#toOpen.record(performance.now() - connection.startedMs);
    this.#batch.add(this.#ledger.send(connection.index, connection.startedMs), connection);
    this.#batch.sendTo(connection);
  }

  message(connection: Connection, bytes: Buffer, start: number, end: number, nowMs: number): void {
    const value = this.#payload.read(bytes, start, end);
    const startedMs = value < 0 ? FOREIGN : this.#ledger.answer(connection.index, value);
    if (startedMs === FOREIGN) this.counts.otherFrames++;
    if (startedMs === FOREIGN || startedMs === DUPLICATE) return;
    if (!this.#payload.hasItsLength(end - start)) this.#wrongLength++;
    else if (!this.#payload.isIntact(bytes, start, end)) this.#corrupt++;
    if (this.#isCounting) this.#toEcho.record(nowMs - startedMs);
    this.#closingSince[connection.index] = nowMs;
    connection.close();
  }

  readDone(): void {
    // Everything is sent as soon as it is due: there is one message a connection.
  }

  closed(connection: Connection, reached: ConnectionState): void {
    const { index } = connection;
    this.#closingSince[index] = 0;
    this.#isEndedByUs[index] = 0;
    this.#ledger.forget(index);
    if (reached !== 'closing' || !connection.wasClosedInOrder) return;
    if (!connection.isCloseAnswered) {
      this.#unansweredCloses++;
      this.counts.note('the server ended the socket without answering the Close');
    } else {
      this.#cycles++;
      if (this.#isCounting) this.#counted++;
    }
    if (this.#isRunning) this.#opener?.reopen(index);
  }

  report(report: Report, seconds: number): void {
    report.add('cycles', this.#counted);
    report.coarse('connects_per_s', this.#counted / seconds);
    report.latency('connect_to_echo', this.#toEcho);
    report.latency('connect_to_open', this.#toOpen);
    report.add('total_opened', this.counts.opened);
    report.add('total_sent', this.#ledger.sent);
    report.add('total_received', this.#ledger.answered);
    report.add('lost', this.#ledger.sent - this.#ledger.answered);
    report.add('duplicates', this.#ledger.duplicates);
    report.add('total_cycles', this.#cycles);
    report.add('close_timeouts', this.#closeTimeouts);
    report.add('close_unanswered', this.#unansweredCloses);
    report.add('late_server_fin', this.#lateFins);
    report.add('len_mismatch', this.#wrongLength);
    report.add('corrupt', this.#corrupt);
  }

  #look(): void {
    const nowMs = performance.now();
    const isRetrying = this.#isRunning && nowMs - this.#lastRetryMs >= RETRY_EVERY_MS;
    if (isRetrying) this.#lastRetryMs = nowMs;
    for (const connection of this.#opener?.connections ?? []) {
      if (connection.state === 'closed') {
        if (isRetrying) this.#opener?.reopen(connection.index);
      } else if (connection.state === 'closing') {
        this.#lookAtClosing(connection, nowMs - this.#closingSince[connection.index]!);
      } else if (nowMs - connection.startedMs > LONGEST_LIFE_MS) {
        this.counts.timeouts++;
        this.#giveUp(connection);
      }
    }
  }

  #lookAtClosing(connection: Connection, forMs: number): void {
    if (forMs > LONGEST_CLOSING_MS) {
      this.#closeTimeouts++;
      this.#giveUp(connection);
    } else if (
      connection.isCloseAnswered &&
      forMs > PATIENCE_FOR_FIN_MS &&
      this.#isEndedByUs[connection.index] === 0
    ) {
      this.#isEndedByUs[connection.index] = 1;
      this.#lateFins++;
      connection.end();
    }
  }

  #giveUp(connection: Connection): void {
    this.counts.note(`a connection was still ${connection.state} after its time`);
    connection.destroy();
  }
}
