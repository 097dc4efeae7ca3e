import { EventEmitter, once } from 'node:events';
import { LinkServer, resolveLinkOptions, type Link } from '#link';
import {
  COMMANDS,
  gatewayKey,
  writeEvent,
  ByteReader,
  type CommandName,
  type Commands,
  type GatewayEvent,
  type NodeAddress,
  type ReceivedOf,
  type ReplyOf,
} from '#protocol';

/** Says nothing to a question: the caller's deadline, or the test, decides what happens. */
export const SILENCE = Symbol('silence');

type Answer<Name extends CommandName> = ReplyOf<Commands[Name]> | typeof SILENCE;
type Script = { [Name in CommandName]?: (request: ReceivedOf<Commands[Name]>, link: Link) => Answer<Name> };

/** One frame that came, its request read by the command's own codec. */
export interface Received {
  readonly name: CommandName | `custom ${number}`;
  readonly request: unknown;
  readonly hex: string;
  readonly link: Link;
}

const NAMES = new Map<number, CommandName>(
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table are its names
  (Object.keys(COMMANDS) as CommandName[]).map((name) => [COMMANDS[name].code, name]),
);

/** A gateway that does what a test says, with real sockets and the real codecs: for the faults that a sound one never shows. */
export class ScriptedGateway {
  readonly received: Received[] = [];
  readonly #changes = new EventEmitter().setMaxListeners(100);
  readonly #script: Script;
  readonly #server: LinkServer;
  #address: NodeAddress = { host: '127.0.0.1', port: 0 };
  #accepted = 0;

  private constructor(script: Script) {
    this.#script = script;
    this.#server = new LinkServer(resolveLinkOptions(), {
      connected: (link) => {
        link.accept();
        this.#accepted++;
        this.#changes.emit('change');
      },
      frame: (payload, link) => this.#onFrame(payload, link),
      ended: () => this.#changes.emit('change'),
      closed: () => this.#changes.emit('change'),
    });
  }

  /** @param port where to listen again after a stop; 0 takes a free one */
  static async start(script: Script = {}, port = 0): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway(script);
    gateway.#address = await gateway.#server.listen({ host: '127.0.0.1', port }, 'test');
    return gateway;
  }

  get address(): NodeAddress {
    return this.#address;
  }

  get key(): string {
    return gatewayKey(this.#address);
  }

  /** Links that are open now. */
  get links(): readonly Link[] {
    return [...this.#server.links];
  }

  /** Links that were ever made. */
  get accepted(): number {
    return this.#accepted;
  }

  get names(): readonly string[] {
    return this.received.map(({ name }) => name);
  }

  of(name: Received['name']): readonly Received[] {
    return this.received.filter((received) => received.name === name);
  }

  /** The link on which the first frame of that name came. */
  linkOf(name: Received['name']): Link {
    const [first] = this.of(name);
    if (first === undefined) throw new Error(`No ${name} was received`);
    return first.link;
  }

  /** Resolves as soon as `condition` holds; looked at whenever a frame or link comes or goes. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#changes, 'change');
  }

  reply<Name extends CommandName>(link: Link, name: Name, value: ReplyOf<Commands[Name]>): void {
    const { reply } = COMMANDS[name];
    if (reply === undefined) throw new Error(`${name} has no reply`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the codec belongs to that name
    link.send((writer) => reply.write(writer, value as never));
  }

  send(link: Link, event: GatewayEvent): void {
    link.send((writer) => writeEvent(writer, event));
  }

  async stop(): Promise<void> {
    for (const link of this.#server.links) link.destroy();
    await this.#server.close();
  }

  #onFrame(payload: ByteReader, link: Link): void {
    const bytes = Buffer.from(payload.rest());
    const code = bytes.readUInt8(0);
    const name = NAMES.get(code);
    if (name === undefined) {
      this.received.push({
        name: `custom ${code}`,
        request: bytes.subarray(1),
        hex: bytes.toString('hex'),
        link,
      });
    } else {
      this.#onCommand(name, bytes, link);
    }
    this.#changes.emit('change');
  }

  #onCommand(name: CommandName, bytes: Buffer, link: Link): void {
    const reader = new ByteReader();
    reader.reset(bytes, 1, bytes.length);
    const request: unknown = COMMANDS[name].request.read(reader);
    reader.expectEnd(name);
    this.received.push({ name, request, hex: bytes.toString('hex'), link });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the request was read by the codec of that name
    const answer = this.#script[name]?.(request as never, link);
    if (answer !== undefined && answer !== SILENCE) this.reply(link, name, answer);
  }
}
