import {
  encodeCloseDetails,
  encodeUpgradeRequest,
  Opcode,
  writeEvent,
  writeMessage,
  writeReceive,
  type SessionCodec,
  type UpgradeRequest,
} from '#protocol';
import { NO_SESSION, type Connection } from '../connection/connection.js';
import type { Parking, ParkedEvent } from './parking.js';
import type { WorkerLink } from './worker-link.js';
import type { WorkerPool } from './worker-pool.js';

/** Takes each event of a client to its worker, or to the parking while there is none. */
export class EventSender {
  constructor(
    private readonly workers: WorkerPool,
    private readonly parking: Parking,
    private readonly codec: SessionCodec,
    /** There is no worker for an event of this client, and no room for it to wait. */
    private readonly onUndeliverable: (connection: Connection, type: ParkedEvent['type']) => void,
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
    // A client whose Open still waits cannot overtake it: its worker came just now, and the parking is on its way out.
    if (worker === undefined)
      return this.#park(connection, { type: 'message', opcode, data: Buffer.from(data) });
    this.#writeMessage(worker, connection, data, opcode);
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
    this.parking.release((connection, event) => this.#deliver(connection, event));
  }

  #deliver(connection: Connection, event: ParkedEvent): void {
    const worker = this.workers.route(connection);
    if (worker === undefined) return this.#park(connection, event);
    switch (event.type) {
      case 'open':
        return this.#writeOpen(worker, connection, event.details);
      case 'message':
        return this.#writeMessage(worker, connection, event.data, event.opcode);
      case 'close': {
        const { session, details } = event;
        writeEvent(worker.link.beginFrame(), {
          type: 'close',
          connectionId: connection.id,
          session,
          details,
        });
        worker.link.endFrame();
      }
    }
  }

  #park(connection: Connection, event: ParkedEvent): void {
    if (!this.parking.park(connection, event)) this.onUndeliverable(connection, event.type);
  }

  #writeOpen(worker: WorkerLink, connection: Connection, details: Buffer): void {
    // It may have left, or be leaving, while it waited: then no worker ever hears of it.
    if (connection.state !== 'announced') return;
    connection.transition('open');
    const { id: connectionId, session } = connection;
    const isWebSocket = connection.transport.kind === 'ws';
    writeEvent(
      worker.link.beginFrame(),
      isWebSocket
        ? { type: 'open', connectionId, session, details }
        : { type: 'connect', connectionId, session },
    );
    worker.link.endFrame();
  }

  #writeMessage(worker: WorkerLink, connection: Connection, data: Buffer, opcode: number): void {
    if (!connection.wasOpen) return;
    const { link } = worker;
    const writer = link.beginFrame();
    if (connection.transport.kind === 'ws')
      writeMessage(writer, connection.id, connection.session, opcode, data);
    else writeReceive(writer, connection.id, connection.session, data);
    link.endFrame();
    if (link.isCongested) this.workers.holdBack(worker, connection);
  }
}
