import type { EventSink, SessionWrite } from '#api';
import { FrameDecoder, encodeFrame, readTextMessage, writeEvent, type SessionCodec } from '#protocol';

import { appliedWritesOf, type ClientEventContext } from '../context/client-event-context.js';
import { textEvent } from './bare-dispatcher.js';
import { LoopbackSource } from './loopback-source.js';

export type ModelWrite = Pick<SessionWrite, 'kind'> & { readonly session: Buffer };

interface Numbered extends ModelWrite {
  readonly connectionId: number;
  readonly number: number;
}

/** What is on its way to the worker. */
type Sent = { readonly frame: Buffer } | { readonly appliedWrites: number };

const EMPTY = Buffer.alloc(0);

/** A gateway that has sessions, with a link on which writes and events take their time. */
export class ModelGateway {
  readonly source = new LoopbackSource('7f0000012394');
  readonly #codec: SessionCodec;
  readonly #sink: EventSink;
  readonly #sessions = new Map<number, Buffer>();
  readonly #history: Numbered[] = [];
  /** The session that each event was sent with, by event. */
  readonly #sentWith = new Map<string, Buffer>();
  readonly #toWorker: Sent[] = [];
  #applied = 0;
  #events = 0;

  constructor(codec: SessionCodec, sink: EventSink) {
    this.#codec = codec;
    this.#sink = sink;
  }

  get isBusy(): boolean {
    return this.#toWorker.length > 0 || this.#applied < this.#history.length;
  }

  /** The worker writes; the gateway learns of it when it is applied. */
  write(connectionId: number, { kind, session }: ModelWrite): void {
    const number = this.source.nextWrite();
    this.#history.push({ connectionId, kind, session: Buffer.from(session), number });
    this.#sink.sessionWritten?.(this.source, connectionId, { kind, session, number });
    session.fill(0xfd); // the caller's own
  }

  foreignWrite(connectionId: number, write: ModelWrite): void {
    this.#sessions.set(connectionId, this.#after(this.#session(connectionId), write));
  }

  apply(count: number): void {
    const until = Math.min(this.#history.length, this.#applied + count);
    if (until === this.#applied) return;
    for (; this.#applied < until; this.#applied++) {
      const write = this.#history[this.#applied]!;
      this.foreignWrite(write.connectionId, write);
    }
    this.#toWorker.push({ appliedWrites: this.#applied });
  }

  /** @param text an envelope; it is given a number */
  send(connectionId: number, text: string): void {
    const id = `${++this.#events}`;
    const session = Buffer.from(this.#session(connectionId));
    this.#sentWith.set(id, session);
    const message = JSON.stringify({ ...(JSON.parse(text) as object), id });
    this.#toWorker.push({
      frame: encodeFrame((writer) => writeEvent(writer, textEvent(connectionId, message, session))),
    });
  }

  deliver(count: number): void {
    for (const sent of this.#toWorker.splice(0, count)) {
      if ('appliedWrites' in sent) {
        this.source.appliedWrites = sent.appliedWrites;
        this.#sink.sessionsApplied?.(this.source);
        continue;
      }
      const sequence = this.source.nextSequence();
      new FrameDecoder(1024 * 1024).push(sent.frame, (payload) =>
        readTextMessage(payload, (...message) => this.#sink.textMessage?.(this.source, ...message, sequence)),
      );
      sent.frame.fill(0xfe);
    }
  }

  /** The event's session, with all that the worker has written by now and that was not in it. */
  sessionSeenBy(context: ClientEventContext): Buffer {
    const connectionId = Number.parseInt(context.client.id.slice(12), 16);
    const later = this.#history.filter(
      (write) => write.connectionId === connectionId && write.number > appliedWritesOf(context),
    );
    const sentWith = this.#sentWith.get(String(context.envelope?.id)) ?? EMPTY;
    return later.reduce((session, write) => this.#after(session, write), sentWith);
  }

  #session(connectionId: number): Buffer {
    return this.#sessions.get(connectionId) ?? EMPTY;
  }

  /** As libs/gateway has it. */
  #after(current: Buffer, { kind, session }: ModelWrite): Buffer {
    if (kind === 'delete') return EMPTY;
    return kind === 'set' ? this.#codec.normalize(session) : this.#codec.merge(current, session);
  }
}
