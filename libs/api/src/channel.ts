import type { Link, NodeLog } from '#link';
import type { ByteString, NodeAddress, Payload } from '#protocol';
import type { DeadlineWatch } from './deadline-watch.js';
import type { RequestDefinition } from './definition.js';
import type { SinkTerms } from './event-port.js';
import type { AcknowledgementTurn } from './extension/acknowledgement-turn.js';
import type { GuardedSink } from './guarded-sink.js';
import type { PendingQuestion, QuestionTerms } from './pending-question.js';
import type { PoolCounters } from './pool-counters.js';
import type { ResolvedPoolOptions } from './pool-options.js';

/** What the channels of one pool share. */
export interface ChannelContext {
  readonly options: ResolvedPoolOptions;
  readonly deadlines: DeadlineWatch;
  readonly counters: PoolCounters;
  readonly log: NodeLog;
  readonly turn: AcknowledgementTurn;
}

/** How a link ended that was open for commands, or why one could not be made. */
export interface ChannelEnd {
  /** undefined when we ended it ourselves */
  readonly reason: Error | undefined;
  readonly wasLinked: boolean;
  /** The gateway has said that nothing more comes, and closed its side: it stopped in order. */
  readonly isInOrder: boolean;
  /** Until it resolves, events of that link are still being handled, and the gateway is not dialled. */
  readonly interruption: Promise<void> | undefined;
}

/** What the owner of a channel is told. */
export interface ChannelObserver {
  /**
   * Commands can go. What this throws ends the link.
   * @param gateway whom the peer has proven to be; undefined over the base protocol, where it is known by its address
   */
  linked(gateway: string | undefined): void;
  unlinked(end: ChannelEnd): void;
  /** The link for events ended, or could not be made: base protocol only. */
  eventLinkClosed(): void;
  dropped(commands: number, reason?: Error): void;
  /** The lookup for a `sendToUid` came to nothing: base protocol only. */
  uidSendFailed(error: Error): void;
  /** What waits for the gateway has passed the high-water mark. */
  congested(): void;
  /** All of it is taken. */
  drained(): void;
}

/** The way to one gateway and back, in one of the two protocols. */
export interface GatewayChannel {
  /** Commands can go. */
  readonly isLinked: boolean;
  /** Some link to the gateway works. */
  readonly isAlive: boolean;
  /** The link on which commands go, where acknowledgements have to wait for them: not over the base protocol. */
  readonly commandLink: Link | undefined;
  /** Bytes that the system has not taken yet. */
  readonly queuedBytes: number;
  start(): void;
  /** Sends what is queued, dials no more, and resolves when the links are gone. Questions that are open fail with `reason`. */
  stop(reason: Error): Promise<void>;
  /**
   * In call order. What cannot be taken is dropped, whole, and told to the observer.
   * @param key of messages that wait for a slow client with the same key, the newest has to reach it; not in the base protocol
   * @throws InvalidArgumentError for arguments that cannot be written
   */
  command<Request>(definition: RequestDefinition<Request>, request: Request, key?: ByteString): void;
  /** The question fails when it cannot be asked, or not with such arguments. */
  ask<Request>(
    question: PendingQuestion<unknown>,
    definition: RequestDefinition<Request>,
    request: Request,
  ): void;
  /** @param message over the base protocol kept until the gateway has answered: bytes of it must not change */
  sendToUid(uid: ByteString, message: Payload, exclude: readonly number[], key?: ByteString): void;
  takeEvents(sink: GuardedSink, terms: SinkTerms): void;
  /** Resolves when nothing more comes. */
  leave(): Promise<void>;
  pauseEvents(): void;
  resumeEvents(): void;
  /** Resolves when the system has taken all that was called so far, or the link that had it is gone. */
  flushed(): Promise<void>;
}

/** What a channel must know of its gateway. */
export interface ChannelTarget {
  readonly address: NodeAddress;
  /** For the log. */
  readonly name: string;
  readonly questions: QuestionTerms;
}
