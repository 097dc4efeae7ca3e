import {
  encodeCloseDetails,
  encodeUpgradeRequest,
  Opcode,
  writeEvent,
  writeMarks,
  writeMessage,
  writeReceive,
  type SessionCodec,
  type UpgradeRequest,
} from '#protocol';
import { NO_SESSION, type Connection } from '../connection/connection.js';
import { readSentEvent } from './sent-event.js';
import type { Parking, ParkedEvent } from './parking.js';
import type { UndeliveredEvents } from './undelivered-events.js';
import type { WorkerLink } from './worker-link.js';
import type { WorkerPool } from './worker-pool.js';

const REDELIVERED = { redelivered: true } as const;

/** Takes each event of a client to its worker, or to the parking while there is none. */
export class EventSender {
  constructor(
    private readonly workers: WorkerPool,
    private readonly parking: Parking,
    private readonly codec: SessionCodec,
    private readonly undelivered: Pick<UndeliveredEvents, 'note'>,
  ) {}

  opened(connection: Connection, request: UpgradeRequest | undefined): void {
    const details =
      request === undefined ? NO_SESSION : encodeUpgradeRequest(this.codec, connection.id, request);
    this.#deliver(connection, { type: 'open', details });
  }

  /** @param data a view: it is written or copied before this returns */
  message(connection: Connection, data: Buffer, isText: boolean): void {
    const worker = this.workers.route(connection);
    const opcode = isText ? Opcode.Text : Opcode.Binary;
    if (worker !== undefined && !worker.isLeaving)
      return this.#writeMessage(worker, connection, data, opcode, false);
    const event: ParkedEvent = { type: 'message', opcode, data: Buffer.from(data) };
    // A client whose Open still waits cannot overtake it: its worker came just now, and the parking is on its way out.
    if (worker === undefined) this.#park(connection, event);
    else this.workers.hold(worker, connection, event);
  }

  closed(connection: Connection, code: number | undefined, reason: string): void {
    if (!connection.wasOpen) return void this.parking.forget(connection);
    const { uid, groups, transport } = connection;
    const details = encodeCloseDetails(this.codec, {
      uid,
      groups: [...(groups ?? [])],
      kind: transport.kind,
      code,
      reason,
    });
    this.#deliver(connection, { type: 'close', session: connection.session, details });
  }

  /** A worker has come: what waited goes first. */
  releaseParked(): void {
    this.parking.release((connection, event) => void this.#deliver(connection, event));
  }

  /** The worker is done with what kept these events back. */
  releaseHeld(connection: Connection, events: readonly ParkedEvent[]): void {
    let isCut = false;
    for (const event of events) {
      // The client says all of it again: a worker must not get the second half alone.
      if (isCut && event.type === 'message') this.undelivered.note(connection, event.type);
      else if (!this.#deliver(connection, event)) isCut = true;
    }
  }

  /**
   * A worker is gone: what it was sent and did not get done with goes to others, before anything newer of the same clients.
   * @returns how many events that were
   */
  redeliver({ journal, held }: WorkerLink): number {
    let redelivered = 0;
    journal?.takeAll((connection, sent) => {
      redelivered++;
      this.#deliver(connection, readSentEvent(sent));
    });
    for (const [connection, events] of held) this.releaseHeld(connection, events);
    held.clear();
    return redelivered;
  }

  /** @returns false when it is lost, and newer messages of the client must not be told either */
  #deliver(connection: Connection, event: ParkedEvent): boolean {
    const worker = this.workers.route(connection);
    if (worker === undefined) return this.#park(connection, event);
    if (worker.isLeaving) this.workers.hold(worker, connection, event);
    else this.#write(worker, connection, event);
    return true;
  }

  /** @returns as `#deliver` */
  #park(connection: Connection, event: ParkedEvent): boolean {
    return this.parking.park(connection, event) || this.undelivered.note(connection, event.type);
  }

  #write(worker: WorkerLink, connection: Connection, event: ParkedEvent): void {
    const isRedelivered = event.isRedelivered === true;
    switch (event.type) {
      case 'open':
        return this.#writeOpen(worker, connection, event.details, isRedelivered);
      case 'message':
        return this.#writeMessage(worker, connection, event.data, event.opcode, isRedelivered);
      case 'close':
        return this.#writeClose(worker, connection, event.session, event.details, isRedelivered);
    }
  }

  #writeOpen(worker: WorkerLink, connection: Connection, details: Buffer, isRedelivered: boolean): void {
    if (!isRedelivered) {
      // It may have left, or be leaving, while it waited: then no worker ever hears of it.
      if (connection.state !== 'announced') return;
      connection.transition('open');
    }
    const { id: connectionId, session } = connection;
    const isWebSocket = connection.transport.kind === 'ws';
    const writer = worker.beginEvent();
    if (isRedelivered) writeMarks(writer, REDELIVERED);
    writeEvent(
      writer,
      isWebSocket
        ? { type: 'open', connectionId, session, details }
        : { type: 'connect', connectionId, session },
    );
    worker.endEvent(connection, writer);
  }

  #writeMessage(
    worker: WorkerLink,
    connection: Connection,
    data: Buffer,
    opcode: number,
    isRedelivered: boolean,
  ): void {
    if (!connection.wasOpen) return;
    const writer = worker.beginEvent();
    if (isRedelivered) writeMarks(writer, REDELIVERED);
    if (connection.transport.kind === 'ws')
      writeMessage(writer, connection.id, connection.session, opcode, data);
    else writeReceive(writer, connection.id, connection.session, data);
    worker.endEvent(connection, writer);
    this.workers.sent(worker, connection);
  }

  #writeClose(
    worker: WorkerLink,
    connection: Connection,
    session: Buffer,
    details: Buffer,
    isRedelivered: boolean,
  ): void {
    const writer = worker.beginEvent();
    if (isRedelivered) writeMarks(writer, REDELIVERED);
    writeEvent(writer, { type: 'close', connectionId: connection.id, session, details });
    worker.endEvent(connection, writer);
  }
}
