// The one place that knows what #api asks of its links to gateways: what changes there is followed here.
import { Logger } from '@nestjs/common';
import {
  ApiClosedError,
  SinkTakenError,
  type EventPort,
  type EventSink,
  type EventSource,
  type GatewayPool,
  type SessionWrite,
} from '#api';
import {
  ByteReader,
  ByteWriter,
  COMMANDS,
  formatAddress,
  readEvent,
  readReply,
  readRequest,
  readTextMessage,
  sendToUid,
  writeEvent,
  type ByteString,
  type Codec,
  type GatewayEvent,
  type NodeAddress,
  type Payload,
} from '#protocol';
import { NoWorkerError, UnknownCommandError } from './errors.js';
import type { MemoryGateway } from './memory-gateway.js';

interface RequestDefinition<Request> {
  readonly code: number;
  readonly request: Codec<Request>;
}

interface QuestionDefinition<Request, Answer> extends RequestDefinition<Request> {
  readonly reply: Codec<Answer>;
}

const MAX_FRAME_BYTES = 64 * 1024 * 1024;
const FIRST_BYTES = 256;
const NOTHING = Buffer.alloc(0);

/** The commands after which the sessions of later events are others, and what they do. */
const SESSION_WRITES: ReadonlyMap<number, SessionWrite['kind']> = new Map([
  [COMMANDS.setSession.code, 'set'],
  [COMMANDS.updateSession.code, 'merge'],
  [COMMANDS.deleteSession.code, 'delete'],
]);

/**
 * Stands in for GatewayPool: the worker's and the api's way to one gateway in memory. Calls and events are bytes on their way, written
 * and read by the codecs that are used over a socket, and nothing waits.
 */
export class MemoryPool implements EventPort, EventSource {
  readonly isReady = true;
  readonly isWindowed = true;
  readonly protocol = 'nestwire';
  /** No gateway falls behind here. */
  readonly news = { on: () => () => undefined };
  readonly maxFrameBytes = MAX_FRAME_BYTES;
  readonly counters = { droppedCommands: 0, failedUidSends: 0, lateReplies: 0, lostLinks: 0 };
  #gateway: MemoryGateway | undefined;
  #sink: EventSink | undefined;
  #takesEvents = false;
  #isClosed = false;
  #sequence = 0;
  #appliedWrites = 0;
  /** By the sequence of the event: who waits for it to be done with. */
  readonly #waiting = new Map<number, () => void>();

  /** As the provider that it takes the place of. What of that is not here, nobody calls. */
  get asGatewayPool(): GatewayPool {
    return this as unknown as GatewayPool;
  }

  attach(gateway: MemoryGateway): void {
    this.#gateway = gateway;
  }

  /** Takes an event to the worker. Resolves when it is done with, or the worker has stopped. */
  deliver(event: GatewayEvent, isRedelivered: boolean): Promise<void> {
    const sink = this.#sink;
    if (sink === undefined || !this.#takesEvents) {
      return Promise.reject(
        new NoWorkerError('The worker takes no events: it was closed, or is being closed.'),
      );
    }
    this.#sequence++;
    const done = new Promise<void>((resolve) => this.#waiting.set(this.#sequence, resolve));
    this.#hand(sink, event, this.#sequence, isRedelivered);
    return done;
  }

  /** The gateway is gone with all its clients. */
  lose(): void {
    if (this.#takesEvents) this.#sink?.gatewayLost?.(this.#node.key);
  }

  // EventSource

  get gateway(): string {
    return this.#node.key;
  }

  get appliedWrites(): number {
    return this.#appliedWrites;
  }

  acknowledge(sequence: number): void {
    this.#waiting.get(sequence)?.();
    this.#waiting.delete(sequence);
  }

  // EventPort

  subscribe(sink: EventSink): void {
    if (this.#takesEvents) throw new SinkTakenError();
    this.#sink = sink;
    this.#takesEvents = true;
  }

  pause(): void {}

  resume(): void {}

  /** What is there is still handled: the sink goes on hearing of sessions. */
  unsubscribe(): void {
    this.#takesEvents = false;
  }

  eventsEnded(): Promise<void> {
    return Promise.resolve();
  }

  // GatewayPool

  get members(): readonly MemoryNode[] {
    return this.#isClosed ? [] : [this.#node];
  }

  /** @param key the first half of its clients' ids, or one that ends in its address */
  node(key: string): MemoryNode | undefined {
    return this.members.find((member) => member.key === key || key.endsWith(formatAddress(member.address)));
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const stopWaiting of this.#waiting.values()) stopWaiting();
    this.#waiting.clear();
    return Promise.resolve();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  whenReady(_bytes: number, call: () => void): void {
    if (this.#isClosed) this.counters.droppedCommands++;
    else call();
  }

  askWhenReady<Result>(ask: () => Promise<Result>): Promise<Result> {
    return this.#isClosed ? Promise.reject(new ApiClosedError()) : ask();
  }

  command<Request>(key: string, definition: RequestDefinition<Request>, request: Request): void {
    const node = this.node(key);
    if (node !== undefined) return node.command(definition, request);
    encoded(definition, request); // arguments are judged the same, whether or not somebody is there
    this.counters.droppedCommands++;
  }

  ask<Request, Answer, Result>(
    key: string,
    definition: QuestionDefinition<Request, Answer>,
    request: Request,
    convert: (answer: Answer) => Result,
    unknown: () => Result,
  ): Promise<Result> {
    return this.askWhenReady(async () => this.node(key)?.ask(definition, request, convert) ?? unknown());
  }

  get #node(): MemoryNode {
    const gateway = this.#gateway;
    if (gateway === undefined) throw new TypeError('There is no gateway yet');
    return new MemoryNode(gateway, (code, body) => this.#run(gateway, code, body));
  }

  #run(gateway: MemoryGateway, code: number, body: Buffer): Buffer | undefined {
    const kind = SESSION_WRITES.get(code);
    if (kind === undefined) return gateway.commands.run(code, body);
    // The worker is told of the write before it takes effect, as over a link, so that events that wait there see it too.
    const number = this.#appliedWrites + 1;
    const { connectionId, session } = sessionWriteIn(code, body);
    this.#sink?.sessionWritten?.(this, connectionId, { kind, session, number });
    gateway.commands.run(code, body);
    this.#appliedWrites = number;
    this.#sink?.sessionsApplied?.(this);
    return undefined;
  }

  /** As a link does: what the event shows of its frame is overwritten when the worker has returned. */
  #hand(sink: EventSink, event: GatewayEvent, sequence: number, isRedelivered: boolean): void {
    const writer = new ByteWriter(FIRST_BYTES);
    writeEvent(writer, event);
    const payload = writer.view();
    const reader = ByteReader.of(payload);
    const isText =
      !isRedelivered &&
      sink.textMessage !== undefined &&
      readTextMessage(reader, (connectionId, session, text) =>
        sink.textMessage?.(this, connectionId, session, text, sequence),
      );
    if (!isText) sink.event(this, readEvent(reader), sequence, isRedelivered);
    payload.fill(0xfe);
  }
}

/** Does not compile when GatewayPool has got something that its stand-in has not. */
type Lacking = Exclude<keyof GatewayPool, keyof MemoryPool>;
const isComplete: [Lacking] extends [never] ? true : Lacking = true;
void isComplete;

/** Stands in for GatewayNode. */
class MemoryNode {
  readonly key: string;
  readonly address: NodeAddress;
  readonly isLinked = true;
  readonly #logger = new Logger('TestGateway');

  constructor(
    { id, address }: MemoryGateway,
    private readonly run: (code: number, body: Buffer) => Buffer | undefined,
  ) {
    this.key = id;
    this.address = address;
  }

  /** A key for slow clients says nothing here: nothing waits. */
  command<Request>(definition: RequestDefinition<Request>, request: Request): void {
    const body = encoded(definition, request);
    try {
      this.run(definition.code, body);
    } catch (error) {
      // A mistake of the test's. Of what else goes wrong on a gateway, the caller of a command is not told.
      if (error instanceof UnknownCommandError) throw error;
      this.#logger.error(`Command ${definition.code} failed`, error);
    }
  }

  async ask<Request, Answer, Result>(
    definition: QuestionDefinition<Request, Answer>,
    request: Request,
    convert: (answer: Answer) => Result,
  ): Promise<Result> {
    const reply = this.run(definition.code, encoded(definition, request));
    return convert(readReply(ByteReader.of(reply ?? NOTHING), definition));
  }

  sendToUid(uid: ByteString, message: Payload, exclude: Iterable<number>): void {
    this.command(sendToUid, { uid, message, exclude: [...exclude] });
  }

  async flush(): Promise<void> {}
}

function encoded<Request>({ request: codec }: RequestDefinition<Request>, request: Request): Buffer {
  const writer = new ByteWriter(FIRST_BYTES);
  codec.write(writer, request);
  return writer.view();
}

function sessionWriteIn(
  code: number,
  body: Buffer,
): { readonly connectionId: number; readonly session: Uint8Array } {
  const reader = ByteReader.of(body);
  if (code === COMMANDS.deleteSession.code) {
    return { ...readRequest(reader, COMMANDS.deleteSession), session: NOTHING };
  }
  return readRequest(
    reader,
    code === COMMANDS.setSession.code ? COMMANDS.setSession : COMMANDS.updateSession,
  );
}
