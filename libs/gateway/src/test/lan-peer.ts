import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  ByteReader,
  COMMANDS,
  encodeFrame,
  FrameDecoder,
  readEvent,
  readReply,
  writeRequest,
  type Codec,
  type GatewayEvent,
  type NodeAddress,
  type Tag,
} from '#protocol';
import { until } from '../../../../test/links/link-kit.js';

/** What the kit needs of a command: its types are checked where it is called. */
interface Asked<Request> {
  readonly code: number;
  readonly request: Codec<Request>;
}

/** An API caller or worker on the LAN port: a bare socket and the codecs of #protocol. */
export class LanPeer {
  readonly frames: Buffer[] = [];
  isClosed = false;
  readonly #decoder = new FrameDecoder(0xffff_ffff);
  #asked = 0;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#decoder.push(chunk, (payload) => this.frames.push(Buffer.from(payload.rest())));
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => undefined); // a reset is one of the ways in which it is closed
    onTestFinished(() => void socket.destroy());
  }

  static async dial(address: NodeAddress | undefined): Promise<LanPeer> {
    return new LanPeer(await dialled(address));
  }

  command<Request>(definition: Asked<Request>, request: NoInfer<Request>): void {
    this.socket.write(encodeFrame((writer) => writeRequest(writer, definition, request)));
  }

  /** A frame with any payload. */
  write(...payload: readonly number[]): void {
    this.socket.write(encodeFrame((writer) => writer.bytes(Uint8Array.from(payload))));
  }

  async ask<Request, Reply, Answer extends Reply>(
    definition: Asked<Request> & { readonly reply: Codec<Reply, Answer> },
    request: NoInfer<Request>,
  ): Promise<Answer> {
    this.command(definition, request);
    return readReply(ByteReader.of(await this.reply()), definition);
  }

  /** The bytes of the next reply. */
  async reply(): Promise<Buffer> {
    const index = this.#asked++;
    await until(() => this.frames.length > index || this.isClosed, `reply ${index} has come`);
    const frame = this.frames[index];
    if (frame === undefined) throw new Error(`The link was closed instead of reply ${index}`);
    return frame;
  }

  /** Everything that was sent on this link has been executed. */
  async settled(): Promise<void> {
    await this.ask(COMMANDS.getClientCount, undefined);
  }

  async closed(): Promise<void> {
    await until(() => this.isClosed, 'the link is closed');
  }
}

/** A worker's event link. */
export class WorkerPeer {
  readonly events: GatewayEvent[] = [];
  isClosed = false;
  readonly #decoder = new FrameDecoder(0xffff_ffff);

  constructor(
    readonly socket: Socket,
    tags: readonly Tag[] = [],
  ) {
    socket.on('data', (chunk: Buffer) => {
      this.#decoder.push(chunk, (payload) =>
        this.events.push(readEvent(ByteReader.of(Buffer.from(payload.rest())))),
      );
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    this.write((socketBytes) => writeRequest(socketBytes, COMMANDS.registerWorker, tags));
  }

  static async join(address: NodeAddress | undefined, tags: readonly Tag[] = []): Promise<WorkerPeer> {
    return new WorkerPeer(await dialled(address), tags);
  }

  write(payload: Parameters<typeof encodeFrame>[0]): void {
    this.socket.write(encodeFrame(payload));
  }

  async received(count: number): Promise<readonly GatewayEvent[]> {
    await until(() => this.events.length >= count, `${count} events have come, not ${this.events.length}`);
    return this.events;
  }

  /** The first event of a kind. */
  async event<Type extends GatewayEvent['type']>(type: Type): Promise<Extract<GatewayEvent, { type: Type }>> {
    const matches = (event: GatewayEvent): event is Extract<GatewayEvent, { type: Type }> =>
      event.type === type;
    await until(() => this.events.some(matches), `an event "${type}" has come`);
    return this.events.find(matches)!;
  }

  /** The data of all messages so far, as text. */
  get texts(): string[] {
    return this.events.flatMap((event) => ('data' in event ? [event.data.toString()] : []));
  }

  async closed(): Promise<void> {
    await until(() => this.isClosed, 'the event link is closed');
  }
}

async function dialled(address: NodeAddress | undefined): Promise<Socket> {
  if (address === undefined) throw new Error('The gateway does not listen');
  const socket = connect({ host: address.host, port: address.port, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.setNoDelay(true);
  return socket;
}
