import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { dialerHandshake, Link, resolveLinkOptions, type PeerIdentity } from '#link';
import {
  ByteReader,
  ExtensionCode,
  readEvent,
  readMarks,
  readReplyHead,
  readReply,
  writeAcknowledge,
  writeRequest,
  writeRequestHead,
  writeTakeEvents,
  type ByteWriter,
  type Codec,
  type FailedReply,
  type GatewayEvent,
  type NodeAddress,
  type Tag,
} from '#protocol';
import { until } from '../../../../test/links/link-kit.js';

interface Asked<Request> {
  readonly code: number;
  readonly request: Codec<Request>;
}

/** An event as a worker got it: views are copied. */
export interface SentEvent {
  readonly sequence: number;
  readonly event: GatewayEvent;
  readonly isRedelivered: boolean;
  /** What the gateway had said of session writes when it came. */
  readonly sessionsApplied: number;
}

interface PeerOptions {
  readonly secret?: string;
  readonly session?: string;
}

/** A worker or API caller of the extension on the LAN port: a real link, and the codecs of #protocol. */
export class NestwirePeer {
  readonly events: SentEvent[] = [];
  readonly frames: number[] = [];
  hasLeft = false;
  isClosed = false;
  reason: Error | undefined;
  gateway: PeerIdentity | undefined;
  /** Told of each event as it comes. */
  onEvent: ((sent: SentEvent) => void) | undefined;
  /** A peer that is frozen answers no pings. */
  answersPings = true;
  readonly link: Link;
  readonly #replies = new Map<number, { failure: FailedReply | undefined; body: Buffer }>();
  #lastId = 0;
  #sessionsApplied = 0;

  constructor(
    address: NodeAddress,
    readonly session: string,
    secret: string,
  ) {
    const { host, port } = address;
    const terms = { secrets: [secret], role: 'caller', name: 'test', session: () => session } as const;
    this.link = new Link(
      connect({ host, port }),
      'the gateway',
      resolveLinkOptions(),
      dialerHandshake(terms, {
        welcomed: (_link, gateway) => (this.gateway = gateway),
        frame: (payload) => this.#onFrame(payload),
        closed: (_link, reason) => {
          this.isClosed = true;
          this.reason = reason;
        },
      }),
    );
    onTestFinished(() => this.link.destroy());
  }

  /** Resolves when the handshake is done. */
  static async dial(address: NodeAddress | undefined, options: PeerOptions = {}): Promise<NestwirePeer> {
    if (address === undefined) throw new Error('The gateway does not listen');
    const peer = new NestwirePeer(
      address,
      options.session ?? randomBytes(16).toString('hex'),
      options.secret ?? '',
    );
    await until(() => peer.gateway !== undefined || peer.isClosed, 'the handshake is over');
    return peer;
  }

  write(write: (writer: ByteWriter) => void): void {
    this.link.send(write);
    this.link.flush();
  }

  takeEvents(windowBytes = 0, tags: readonly Tag[] = []): void {
    this.write((writer) => writeTakeEvents(writer, { windowBytes, tags }));
  }

  /** @param sequences in any order */
  acknowledge(...sequences: readonly number[]): void {
    this.write((writer) =>
      writeAcknowledge(
        writer,
        sequences.flatMap((sequence) => [sequence, 1]),
      ),
    );
  }

  leave(): void {
    this.write((writer) => writer.u8(ExtensionCode.Leave));
  }

  command<Request>(definition: Asked<Request>, request: NoInfer<Request>): void {
    this.write((writer) => writeRequest(writer, definition, request));
  }

  /** The answer, or the code and text of the failure. */
  async ask<Request, Reply, Answer extends Reply>(
    definition: Asked<Request> & { readonly reply: Codec<Reply, Answer> },
    request: NoInfer<Request>,
  ): Promise<Answer | FailedReply> {
    const reply = await this.reply(this.request(definition, request));
    return reply.failure ?? readReply(ByteReader.of(reply.body), definition);
  }

  /** @returns the id under which the answer comes */
  request<Request>(definition: Asked<Request>, request: NoInfer<Request>): number {
    const id = ++this.#lastId;
    this.write((writer) => {
      writeRequestHead(writer, id);
      writeRequest(writer, definition, request);
    });
    return id;
  }

  async reply(id: number): Promise<{ failure: FailedReply | undefined; body: Buffer }> {
    await until(() => this.#replies.has(id) || this.isClosed, `reply ${id} has come`);
    const reply = this.#replies.get(id);
    if (reply === undefined) throw new Error(`The link was closed instead of reply ${id}`);
    return reply;
  }

  async received(count: number): Promise<readonly SentEvent[]> {
    await until(() => this.events.length >= count, `${count} events have come, not ${this.events.length}`);
    return this.events;
  }

  /** What came, in short: the type, the text of a message, and `again` when it is redelivered. */
  get story(): string[] {
    return this.events.map(({ event, isRedelivered }) => {
      const what = 'data' in event ? event.data.toString() : event.type;
      return isRedelivered ? `${what} again` : what;
    });
  }

  async closed(): Promise<void> {
    await until(() => this.isClosed, 'the link is closed');
  }

  #onFrame(payload: ByteReader): void {
    const code = payload.u8();
    this.frames.push(code);
    if (code === ExtensionCode.Reply) {
      const { id, failure } = readReplyHead(payload);
      this.#replies.set(id, { failure, body: Buffer.from(payload.rest()) });
    } else if (code === ExtensionCode.Ping) {
      if (this.answersPings) this.write((writer) => writer.u8(ExtensionCode.Pong));
    } else if (code === ExtensionCode.Left) {
      this.hasLeft = true;
    } else if (code === ExtensionCode.SessionsApplied) {
      this.#sessionsApplied = payload.u32();
    } else if (code !== ExtensionCode.Pong) {
      const isRedelivered = code === ExtensionCode.Marked && readMarks(payload).redelivered === true;
      const rest = Buffer.from(payload.rest());
      const bytes = code === ExtensionCode.Marked ? rest : Buffer.concat([Buffer.of(code), rest]);
      const sent = {
        sequence: this.events.length + 1,
        event: readEvent(ByteReader.of(bytes)),
        isRedelivered,
        sessionsApplied: this.#sessionsApplied,
      };
      this.events.push(sent);
      this.onEvent?.(sent);
    }
  }
}
