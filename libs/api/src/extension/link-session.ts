import type { Link, PeerIdentity } from '#link';
import {
  COMMANDS,
  ExtensionCode,
  readMarks,
  writeMarks,
  writeRequest,
  writeRequestHead,
  writeTakeEvents,
  InvalidArgumentError,
  ProtocolError,
  type ByteReader,
  type ByteString,
} from '#protocol';
import type { ChannelContext, ChannelTarget } from '../channel.js';
import { encodeRequest, type RequestDefinition } from '../definition.js';
import { GatewayCongestedError } from '../errors.js';
import type { SessionWrite, SinkTerms } from '../event-port.js';
import type { GuardedSink } from '../guarded-sink.js';
import { Leaving } from '../leaving.js';
import type { PendingQuestion } from '../pending-question.js';
import { TakenBytes } from '../taken-bytes.js';
import { CONNECTION_ID_BYTES, EventStream } from './event-stream.js';
import { Replies } from './replies.js';

const MAX_WINDOW_BYTES = 0xffff_ffff;
const NO_QUESTION = -1;

/** By code, the commands that gateways count, and say of how many the sessions of events know: an array, because every command asks. */
const SESSION_WRITES = Array.from<SessionWrite['kind'] | undefined>({ length: 256 });
SESSION_WRITES[COMMANDS.setSession.code] = 'set';
SESSION_WRITES[COMMANDS.updateSession.code] = 'merge';
SESSION_WRITES[COMMANDS.deleteSession.code] = 'delete';

/** One link to a gateway, from its handshake to its end: what is written to it, and what its frames mean. */
export class LinkSession {
  readonly #target: ChannelTarget;
  readonly #context: ChannelContext;
  readonly #replies: Replies;
  readonly #taken: TakenBytes;
  readonly #maxQueuedBytes: number;
  readonly #since = performance.now();
  readonly #pings: NodeJS.Timeout | undefined;
  #stream: EventStream | undefined;
  #leaving: Leaving | undefined;
  #hasLeft = false;

  constructor(
    readonly link: Link,
    readonly peer: PeerIdentity,
    target: ChannelTarget,
    context: ChannelContext,
  ) {
    this.#target = target;
    this.#context = context;
    this.#taken = new TakenBytes(link);
    this.#replies = new Replies(() => context.counters.lateReplies++);
    const { gatewayPingIntervalMs, commandLink } = context.options;
    this.#maxQueuedBytes =
      commandLink.maxQueuedBytes > 0 ? commandLink.maxQueuedBytes : Number.POSITIVE_INFINITY;
    if (gatewayPingIntervalMs > 0) {
      this.#pings = setInterval(() => this.#say(ExtensionCode.Ping), gatewayPingIntervalMs).unref();
    }
  }

  /** How long it has lasted. */
  get ageMs(): number {
    return performance.now() - this.#since;
  }

  /** It has been asked for events, which a link is once: after its Left no more come on it. */
  get hasTaken(): boolean {
    return this.#stream !== undefined;
  }

  /** The gateway has said, unasked, that nothing more comes: it stops. */
  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** @returns false when more would wait for the gateway than may: nothing of it is sent */
  command<Request>(definition: RequestDefinition<Request>, request: Request, key?: ByteString): boolean {
    const kind = SESSION_WRITES[definition.code];
    return kind === undefined
      ? this.#write(definition, request, NO_QUESTION, key)
      : this.#writeSession(kind, definition, request);
  }

  ask<Request>(
    question: PendingQuestion<unknown>,
    definition: RequestDefinition<Request>,
    request: Request,
  ): void {
    const id = this.#replies.nextId();
    try {
      if (this.#write(definition, request, id)) return this.#replies.add(id, question);
    } catch (error) {
      return question.fail(error instanceof Error ? error : new Error(String(error)));
    }
    question.fail(new GatewayCongestedError(this.#target.address, this.link.queuedBytes));
  }

  take(sink: GuardedSink, { windowBytes }: SinkTerms): void {
    const { name } = this.#target;
    const { turn, options } = this.#context;
    this.#stream = new EventStream(this.peer.gatewayId, name, this.link, turn, sink);
    this.#stream.take(sink);
    this.link.send((writer) =>
      writeTakeEvents(writer, { windowBytes: Math.min(windowBytes, MAX_WINDOW_BYTES), tags: options.tags }),
    );
  }

  /** Resolves when the gateway has said that nothing more comes, or has sent nothing for `closeTimeoutMs`, or the link ends. */
  async leave(): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) return;
    if (this.#leaving === undefined) {
      if (this.#hasLeft) return stream.stopTaking();
      this.#say(ExtensionCode.Leave);
      const { closeTimeoutMs } = this.#context.options.extensionLink;
      this.#leaving = new Leaving(closeTimeoutMs, () => stream.stopTaking());
    }
    await this.#leaving.done;
  }

  /** Resolves when the system has taken everything that was called so far, or the link is gone. */
  taken(): Promise<void> {
    return this.#taken.all();
  }

  /** @throws ProtocolError for what no gateway sends, which ends the link */
  frame(payload: ByteReader): void {
    const stream = this.#stream;
    if (stream?.text(payload) === true) return this.#leaving?.goesOn();
    const start = payload.position;
    switch (payload.u8()) {
      case ExtensionCode.Reply:
        return this.#replies.answer(payload);
      case ExtensionCode.Marked: {
        const { redelivered = false } = readMarks(payload);
        return this.#onEvent(payload, redelivered);
      }
      case ExtensionCode.Left:
        return this.#onLeft();
      case ExtensionCode.SessionsApplied:
        return this.#taking().sessionsApplied(payload);
      case ExtensionCode.Ping:
        return this.#say(ExtensionCode.Pong);
      case ExtensionCode.Pong: // the link has noted that its peer lives
        return;
      default:
        payload.rewind(start);
        return this.#onEvent(payload, false);
    }
  }

  /** The link is over. @returns what resolves when nothing runs any more of what came on it; undefined when no events did */
  end(error: Error): Promise<void> | undefined {
    this.close(error);
    return this.#stream?.interrupted();
  }

  /** We end it ourselves, and nobody is interrupted. */
  close(error: Error): void {
    clearInterval(this.#pings);
    this.#leaving?.end();
    this.#stream?.end();
    this.#replies.failAll(error);
  }

  #onEvent(payload: ByteReader, isRedelivered: boolean): void {
    this.#taking().event(payload, isRedelivered);
    this.#leaving?.goesOn();
  }

  #onLeft(): void {
    // Of two Lefts one answers our Leave, and the other says that the gateway stops.
    if (this.#leaving === undefined || this.#leaving.isOver) this.#hasLeft = true;
    else this.#leaving.end();
  }

  #taking(): EventStream {
    if (this.#stream !== undefined) return this.#stream;
    throw new ProtocolError(
      'ERR_NESTWIRE_MALFORMED',
      'A gateway sent what belongs to events, and none were asked for',
    );
  }

  #writeSession<Request>(
    kind: SessionWrite['kind'],
    definition: RequestDefinition<Request>,
    request: Request,
  ): boolean {
    const { definition: encoded, body } = encodeRequest(definition, request);
    if (body.length < CONNECTION_ID_BYTES) {
      throw new InvalidArgumentError('payload', 'must have the id of a connection behind the code.');
    }
    if (!this.#write(encoded, body, NO_QUESTION)) return false;
    this.#stream?.sessionWritten(kind, body);
    return true;
  }

  /** @throws InvalidArgumentError for arguments that cannot be written */
  #write<Request>(
    definition: RequestDefinition<Request>,
    request: Request,
    id: number,
    key?: ByteString,
  ): boolean {
    const { link } = this;
    const maxQueuedBytes = this.#maxQueuedBytes;
    const writer = link.beginFrame();
    try {
      if (id !== NO_QUESTION) writeRequestHead(writer, id);
      if (key !== undefined) writeMarks(writer, { coalescingKey: key });
      writeRequest(writer, definition, request);
    } catch (error) {
      link.abortFrame();
      throw error;
    }
    if (link.queuedBytes > maxQueuedBytes) {
      const { frameBytes } = writer;
      link.abortFrame();
      // What the system takes at once does not wait. Tried anew as long as that frees something: a frame takes a bit more than its own
      // bytes when it begins a batch.
      const waiting = link.queuedBytes;
      link.flush();
      if (link.queuedBytes === waiting || link.queuedBytes + frameBytes > maxQueuedBytes) return false;
      return this.#write(definition, request, id, key);
    }
    if (this.#stream !== undefined) this.#context.turn.expect();
    return link.endFrame();
  }

  #say(code: number): void {
    // To one that takes nothing there is nothing to say, and it must not add up.
    if (code === ExtensionCode.Pong && this.link.queuedBytes > this.#maxQueuedBytes) return;
    this.link.beginFrame().u8(code);
    this.link.endFrame();
  }
}
