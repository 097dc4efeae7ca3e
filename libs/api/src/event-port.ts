import type { GatewayEvent } from '#protocol';

/** Over the base protocol events have no sequence: nothing is acknowledged. */
export const NO_SEQUENCE = -1;

/** One link on which a gateway sends events, from its making to its end. A link that is made anew is another source. */
export interface EventSource {
  /** Key of the gateway: the first half of its clients' ids. */
  readonly gateway: string;
  /** How many session writes of this link are in the sessions of the events that come now. Always 0 over the base protocol. */
  readonly appliedWrites: number;
  /**
   * The event is done with: handled, timed out, or nobody handles it. Once for each event. Told to the gateway at the end of the
   * turn, after all commands that were called before it are on their way, to other gateways too. Does nothing when the link is
   * over, and over the base protocol.
   */
  acknowledge(sequence: number): void;
}

/** A session write that a gateway is told of now: its own events may still come with the former session for a while. */
export interface SessionWrite {
  readonly kind: 'set' | 'merge' | 'delete';
  /** Serialized; empty for `delete`. */
  readonly session: Uint8Array;
  /** It is in the sessions of events that come while `appliedWrites` is this or more (compared modulo 2^32). */
  readonly number: number;
}

/** Takes the events of all gateways. Called in the order in which one gateway sent them. */
export interface EventSink {
  /**
   * Its Buffers are views into the link's receive buffer and are valid during the call only:
   * what is kept must be copied. An event whose call throws is logged and done with: do not acknowledge it. The same holds for
   * `textMessage`.
   * @param isRedelivered another worker may have handled it, or begun to
   */
  event(source: EventSource, event: GatewayEvent, sequence: number, isRedelivered: boolean): void;
  /**
   * The text messages of WebSocket clients, which are most of all events, without an event object in between. A sink
   * without it gets them as `message` events; those that are redelivered come as such in any case.
   * @param session serialized, valid during the call only
   */
  textMessage?(
    source: EventSource,
    connectionId: number,
    session: Buffer,
    text: string,
    sequence: number,
  ): void;
  /**
   * The source's link is over, and the gateway gives what was not acknowledged to another worker: what waits must not begin any
   * more. Until the promise resolves, when nothing that began runs any more, the gateway is not linked again, so that no late
   * command of such a handler takes effect. Never called over the base protocol.
   */
  interrupted?(source: EventSource): Promise<void>;
  /** A session write of this process is on its way to its gateway, whoever called it. Never called over the base protocol. */
  sessionWritten?(source: EventSource, connectionId: number, write: SessionWrite): void;
  /** `appliedWrites` has grown: earlier writes are in all events to come. Never called over the base protocol. */
  sessionsApplied?(source: EventSource): void;
  /**
   * The gateway is gone with all its clients, whose close events will never come: it came back as another one, or it could not be
   * linked for `gatewayLostAfterMs`, or it is listed no more. Once for each gateway, and again only when it was linked again after
   * that, because just the way to it had been cut. A gateway that stops in order, and has sent
   * its close events, is not lost. Over the base protocol: whenever the event link ends.
   */
  gatewayLost?(gateway: string): void;
}

export interface SinkTerms {
  /** Most bytes of one gateway's events that may be here without being done with; 0 leaves it to the gateway. */
  readonly windowBytes: number;
}

/** Where a worker takes its events from. */
export interface EventPort {
  /**
   * Gateways keep to the window by themselves, and `pause` does nothing: replies come on the same link.
   * False over the base protocol, where the sink has to pause what it cannot take.
   */
  readonly isWindowed: boolean;
  /**
   * Takes events of every gateway, now and as gateways appear. At most one sink at a time. One that follows another gets new links,
   * as soon as nothing of the former one's events runs any more.
   */
  subscribe(sink: EventSink, terms: SinkTerms): void;
  /**
   * Stops reading the event link to this gateway, also one that is made later: what it sends waits in its own memory, and
   * its clients in theirs. The rest of a chunk that was read already still reaches the sink.
   */
  pause(gateway: string): void;
  /** Reads on. Unsubscribing does too: what is under way must not be lost. */
  resume(gateway: string): void;
  /**
   * Tells the gateways to route nothing new here; commands go on. Events that are under way still reach the sink, until
   * `eventsEnded`, and can be acknowledged as long as the links last.
   */
  unsubscribe(): void;
  /** Resolves when nothing more comes after `unsubscribe`. What was handed over is the sink's to finish. */
  eventsEnded(): Promise<void>;
}
