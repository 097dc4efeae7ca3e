import type { Link } from '#link';
import {
  ByteReader,
  FIRST_SEQUENCE,
  nextSequence,
  readEvent,
  readTextMessage,
  type TextMessageTaker,
} from '#protocol';
import type { SessionWrite } from '../event-port.js';
import type { GuardedSink, NamedSource } from '../guarded-sink.js';
import type { AcknowledgementTurn, Owed } from './acknowledgement-turn.js';
import { DoneEvents } from './done-events.js';

export const CONNECTION_ID_BYTES = 4;

/** The events of one link: numbered as they come, handed to the sink, and told to the gateway when they are done with. */
export class EventStream implements NamedSource, Owed {
  readonly #turn: AcknowledgementTurn;
  readonly #done = new DoneEvents();
  #sink: GuardedSink;
  #takeText: TextMessageTaker | undefined;
  #isTaking = false;
  #isOver = false;
  #sequence = FIRST_SEQUENCE;
  #appliedWrites = 0;
  #sessionWrites = 0;

  constructor(
    readonly gateway: string,
    readonly name: string,
    readonly link: Link,
    turn: AcknowledgementTurn,
    sink: GuardedSink,
  ) {
    this.#turn = turn;
    this.#sink = sink;
  }

  get appliedWrites(): number {
    return this.#appliedWrites;
  }

  /** From now on events are handed to this sink. */
  take(sink: GuardedSink): void {
    this.#sink = sink;
    this.#isTaking = true;
    this.#takeText = sink.takesText ? this.#onText : undefined;
  }

  /** Nothing more is handed over. What comes all the same is not done with, and goes to another worker when the link ends. */
  stopTaking(): void {
    this.#isTaking = false;
    this.#takeText = undefined;
  }

  acknowledge(sequence: number): void {
    if (this.#isOver) return;
    if (this.#done.isEmpty) this.#turn.owe(this);
    this.#done.add(sequence);
  }

  /** At the end of the turn: everything that its handlers called is on its way. */
  writeAcknowledgement(): void {
    if (this.#done.isEmpty) return;
    this.#done.writeTo(this.link.beginFrame());
    this.link.endFrame();
  }

  /** The fast way for what most events are; false when it is something else, of which nothing has been read. */
  text(payload: ByteReader): boolean {
    return this.#takeText !== undefined && readTextMessage(payload, this.#takeText);
  }

  /** @throws ProtocolError for what is no event, which ends the link */
  event(payload: ByteReader, isRedelivered: boolean): void {
    const event = readEvent(payload);
    const sequence = this.#next();
    if (!this.#isTaking) return;
    // What the sink cannot take is done with all the same: it would fill the window for as long as the link lasts.
    if (!this.#sink.event(this, event, sequence, isRedelivered)) this.acknowledge(sequence);
  }

  /** @throws ProtocolError when it is cut short */
  sessionsApplied(payload: ByteReader): void {
    const writes = payload.u32();
    payload.expectEnd('SessionsApplied');
    this.#appliedWrites = writes;
    this.#sink.sessionsApplied(this);
  }

  /**
   * Counted from the first TakeEvents on, as the gateway does: what was written before is in the session of every event.
   * @param body the id of the connection, and the session
   */
  sessionWritten(kind: SessionWrite['kind'], body: Uint8Array): void {
    const number = (this.#sessionWrites + 1) >>> 0;
    this.#sessionWrites = number;
    const connectionId = ByteReader.of(body).u32();
    this.#sink.sessionWritten(this, connectionId, {
      kind,
      session: body.subarray(CONNECTION_ID_BYTES),
      number,
    });
  }

  /** Resolves when nothing that began runs any more. */
  interrupted(): Promise<void> {
    return this.#sink.interrupted(this);
  }

  /** The link is over: nobody is told any more. */
  end(): void {
    this.#isOver = true;
    this.#done.clear();
  }

  #next(): number {
    const sequence = this.#sequence;
    this.#sequence = nextSequence(sequence);
    return sequence;
  }

  readonly #onText: TextMessageTaker = (connectionId, session, text) => {
    const sequence = this.#next();
    if (!this.#sink.textMessage(this, connectionId, session, text, sequence)) this.acknowledge(sequence);
  };
}
