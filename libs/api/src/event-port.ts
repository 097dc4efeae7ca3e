import type { GatewayEvent } from '#protocol';

/** Takes the events of all gateways. Called in the order in which one gateway sent them. */
export interface EventSink {
  /**
   * Its Buffers are views into the link's receive buffer and are valid during the call only:
   * what is kept must be copied.
   * @param gateway key of the gateway it came from: the first half of its clients' ids
   */
  event(gateway: string, event: GatewayEvent): void;
  /**
   * The text messages of WebSocket clients, which are most of all events, without an event object in between. A sink
   * without it gets them as `message` events.
   * @param session serialized, valid during the call only
   */
  textMessage?(gateway: string, connectionId: number, session: Buffer, text: string): void;
  /** The event link to this gateway ended: nothing more of it comes until it is linked again. */
  gatewayLost?(gateway: string): void;
}

/** Where a worker takes its events from. */
export interface EventPort {
  /** Opens an event link (RegisterWorker) to every gateway, now and as gateways appear. At most one sink at a time. */
  subscribe(sink: EventSink): void;
  /**
   * Stops reading the event link to this gateway, also one that is made later: what it sends waits in its own memory, and
   * its clients in theirs. The rest of a chunk that was read already still reaches the sink.
   */
  pause(gateway: string): void;
  /** Reads on. Unsubscribing does too: what is under way must not be lost. */
  resume(gateway: string): void;
  /** Ends the event links; commands go on. Events that are under way still reach the sink, until `eventsEnded`. */
  unsubscribe(): void;
  /** Resolves when nothing more comes after `unsubscribe`. What was handed over is the sink's to finish. */
  eventsEnded(): Promise<void>;
}
