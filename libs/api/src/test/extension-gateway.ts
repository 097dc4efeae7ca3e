import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { LinkServer, listenerHandshake, resolveLinkOptions, type Link, type PeerIdentity } from '#link';
import {
  COMMANDS,
  ExtensionCode,
  readAcknowledge,
  readMarks,
  readTakeEvents,
  sendToUid,
  writeEvent,
  writeFailedReply,
  writeMarks,
  writeReplyHead,
  type ByteReader,
  type CommandName,
  type Commands,
  type FailedReply,
  type GatewayEntry,
  type GatewayEvent,
  type Marks,
  type NodeAddress,
  type ReceivedOf,
  type Refusal,
  type ReplyOf,
} from '#protocol';
import { SILENCE } from './scripted-gateway.js';

type Answer<Name extends CommandName> = ReplyOf<Commands[Name]> | typeof SILENCE;

export type ExtensionScript = {
  [Name in CommandName]?: (request: ReceivedOf<Commands[Name]>, id: number, link: Link) => Answer<Name>;
};

/** One frame that came, but for pings. */
export interface Said {
  readonly name: CommandName | 'sendToUid' | 'takeEvents' | 'leave' | 'acknowledge' | `code ${number}`;
  readonly request: unknown;
  readonly marks: Marks | undefined;
  /** Of a Request. */
  readonly id: number | undefined;
  readonly link: Link;
}

export interface ExtensionGatewayOptions {
  readonly script?: ExtensionScript;
  readonly id?: string;
  readonly port?: number;
  readonly secrets?: readonly string[];
  /** Answer Leave with Left, as a sound gateway does. @default true */
  readonly saysLeft?: boolean;
  readonly admit?: (peer: PeerIdentity) => Refusal | undefined;
}

const NAMES = new Map<number, CommandName>(
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table are its names
  (Object.keys(COMMANDS) as CommandName[]).map((name) => [COMMANDS[name].code, name]),
);

/** A gateway of the extension that does what a test says, with real sockets, the real handshake and the real codecs. */
export class ExtensionGateway {
  readonly said: Said[] = [];
  readonly peers: PeerIdentity[] = [];
  readonly id: string;
  pings = 0;
  answersPings = true;
  readonly #changes = new EventEmitter().setMaxListeners(100);
  readonly #options: ExtensionGatewayOptions;
  readonly #server: LinkServer;
  #address: NodeAddress = { host: '127.0.0.1', port: 0 };

  private constructor(options: ExtensionGatewayOptions) {
    this.#options = options;
    this.id = options.id ?? `f${randomBytes(6).toString('hex').slice(1)}`;
    const session = randomBytes(16).toString('hex');
    const handler = listenerHandshake(
      {
        secrets: options.secrets ?? [''],
        role: 'gateway',
        name: 'scripted',
        gatewayId: this.id,
        session: () => session,
        admit: (peer) => options.admit?.(peer),
      },
      {
        welcomed: (_link, peer) => {
          this.peers.push(peer);
          this.#changed();
        },
        frame: (payload, link) => this.#onFrame(payload, link),
        ended: () => this.#changed(),
        closed: () => this.#changed(),
      },
    );
    this.#server = new LinkServer(resolveLinkOptions({ closeTimeoutMs: 100, maxQueuedBytes: 0 }), handler);
  }

  static async start(options: ExtensionGatewayOptions = {}): Promise<ExtensionGateway> {
    const gateway = new ExtensionGateway(options);
    gateway.#address = await gateway.#server.listen({ host: '127.0.0.1', port: options.port ?? 0 }, 'test');
    return gateway;
  }

  get address(): NodeAddress {
    return this.#address;
  }

  /** As a register lists it. */
  get entry(): GatewayEntry {
    return { id: this.id, address: this.#address, zone: '', features: 0 };
  }

  /** Links that are there now. */
  get links(): readonly Link[] {
    return [...this.#server.links];
  }

  /** The last link that was made. */
  get link(): Link {
    const link = this.links.at(-1);
    if (link === undefined) throw new Error('There is no link');
    return link;
  }

  get names(): readonly string[] {
    return this.said.map(({ name }) => name);
  }

  of(name: Said['name']): readonly Said[] {
    return this.said.filter((said) => said.name === name);
  }

  /** All sequences that were acknowledged, in the order in which they were told. */
  get acknowledged(): readonly number[] {
    return this.of('acknowledge').flatMap(({ request }) => request as number[]);
  }

  /** Resolves as soon as `condition` holds; looked at whenever a frame or link comes or goes. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change');
  }

  async untilTaken(nth = 1): Promise<Link> {
    await this.until(() => this.of('takeEvents').length >= nth);
    const taken = this.of('takeEvents')[nth - 1];
    if (taken === undefined) throw new Error('Nobody takes events');
    return taken.link;
  }

  send(link: Link, event: GatewayEvent, marks?: Marks): void {
    link.send((writer) => {
      if (marks !== undefined) writeMarks(writer, marks);
      writeEvent(writer, event);
    });
  }

  reply<Name extends CommandName>(link: Link, id: number, name: Name, value: ReplyOf<Commands[Name]>): void {
    const { reply } = COMMANDS[name];
    if (reply === undefined) throw new Error(`${name} has no reply`);
    link.send((writer) => {
      writeReplyHead(writer, id);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the codec belongs to that name
      reply.write(writer, value as never);
    });
  }

  fail(link: Link, id: number, failure: FailedReply): void {
    link.send((writer) => writeFailedReply(writer, id, failure));
  }

  sessionsApplied(link: Link, writes: number): void {
    link.send((writer) => {
      writer.u8(ExtensionCode.SessionsApplied);
      writer.u32(writes);
    });
  }

  left(link: Link): void {
    link.send((writer) => writer.u8(ExtensionCode.Left));
  }

  async stop(): Promise<void> {
    for (const link of this.#server.links) link.destroy();
    await this.#server.close();
  }

  #changed(): void {
    this.#changes.emit('change');
  }

  #onFrame(payload: ByteReader, link: Link): void {
    const code = payload.u8();
    switch (code) {
      case ExtensionCode.Ping:
        this.pings++;
        if (this.answersPings) link.send((writer) => writer.u8(ExtensionCode.Pong));
        break;
      case ExtensionCode.TakeEvents:
        if (this.of('takeEvents').some((said) => said.link === link)) throw new Error('Asked twice');
        this.#note('takeEvents', readTakeEvents(payload), link);
        break;
      case ExtensionCode.Leave:
        this.#note('leave', undefined, link);
        if (this.#options.saysLeft !== false) this.left(link);
        break;
      case ExtensionCode.Acknowledge:
        this.#onAcknowledge(payload, link);
        break;
      case ExtensionCode.Marked: {
        const marks = readMarks(payload);
        this.#onCommand(payload.u8(), payload, link, marks);
        break;
      }
      case ExtensionCode.Request: {
        const id = payload.u32();
        this.#onCommand(payload.u8(), payload, link, undefined, id);
        break;
      }
      default:
        this.#onCommand(code, payload, link);
    }
    this.#changed();
  }

  #onAcknowledge(payload: ByteReader, link: Link): void {
    const sequences: number[] = [];
    readAcknowledge(payload, (first, count) => {
      for (let i = 0; i < count; i++) sequences.push((first + i) >>> 0);
    });
    this.#note('acknowledge', sequences, link);
  }

  #onCommand(code: number, payload: ByteReader, link: Link, marks?: Marks, id?: number): void {
    if (code === ExtensionCode.SendToUid) {
      this.#note('sendToUid', kept(sendToUid.request.read(payload)), link, marks, id);
      return;
    }
    const name = NAMES.get(code);
    if (name === undefined) {
      this.#note(`code ${code}`, Buffer.from(payload.rest()), link, marks, id);
      return;
    }
    const request: unknown = kept(COMMANDS[name].request.read(payload));
    payload.expectEnd(name);
    this.#note(name, request, link, marks, id);
    if (id === undefined) return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the request was read by the codec of that name
    const answer = this.#options.script?.[name]?.(request as never, id, link) ?? SILENCE;
    if (answer !== SILENCE) this.reply(link, id, name, answer);
  }

  #note(name: Said['name'], request: unknown, link: Link, marks?: Marks, id?: number): void {
    this.said.push({ name, request, marks, id, link });
  }
}

/** Views into what is read are overwritten by the next frame. */
function kept<Request>(request: Request): Request {
  if (typeof request !== 'object' || request === null) return request;
  const entries = Object.entries(request).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? Buffer.from(value) : value,
  ]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a copy of it
  return Object.fromEntries(entries) as Request;
}
