import { createServer, type Server, type Socket } from 'node:net';
import { SharedReader } from '#link';
import { CloseCode, formatAddress, ProtocolError, type NodeAddress } from '#protocol';
import type { AcceptGate } from './accept-gate.js';
import { ClientOutput, type ClientOutputContext } from './client-output.js';
import type { Listener, ListenerHandler } from './listener.js';
import type { TcpListenerOptions } from './listener-url.js';
import { listenOn } from './listening-server.js';
import { TCP_FRAMINGS, type MessageSink, type TcpDecoder, type TcpFraming } from './tcp-framing.js';
import { TcpTransport } from './tcp-transport.js';

export interface TcpListenerLimits {
  readonly maxMessageBytes: number;
  /** Idle time after which TCP itself probes a client: what notices a pulled cable. 0 turns it off. */
  readonly tcpKeepAliveMs: number;
  /** A client that sends nothing for so long is closed. 0 waits for ever. */
  readonly tcpIdleTimeoutMs: number;
  /** How long a client may take to close its side. */
  readonly closeTimeoutMs: number;
}

/** Where a socket keeps its client: its handlers are one function for all clients, not a closure each. */
const CLIENT = Symbol('nestwire client');

interface ClientSocket<Client> extends Socket {
  [CLIENT]: TcpClient<Client>;
}

/** Raw TCP clients on one port. */
export class TcpListener<Client> implements Listener {
  readonly #server: Server;
  readonly #framing: TcpFraming;
  /** Those that were turned away included, until they are gone. */
  readonly #sockets = new Set<Socket>();
  readonly #onError = (error: Error): void => this.handler.failed(error);
  #address: NodeAddress;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly options: TcpListenerOptions,
    private readonly limits: TcpListenerLimits,
    gate: AcceptGate,
    private readonly output: ClientOutputContext<Client>,
    private readonly handler: ListenerHandler<Client>,
  ) {
    this.#address = { host: options.host, port: options.port };
    this.#framing = TCP_FRAMINGS[options.frame];
    this.#server = createServer();
    gate.guard(this.#server, {
      admit: (socket) => this.#onSocket(socket),
      turnAway: (socket) => {
        handler.dropped();
        socket.destroy();
      },
    });
  }

  get address(): NodeAddress {
    return this.#address;
  }

  get url(): string {
    return `tcp://${formatAddress(this.#address)}?frame=${this.options.frame}`;
  }

  async listen(): Promise<void> {
    this.#address = await listenOn(this.#server, this.#address, this.#onError);
  }

  stopAccepting(): void {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async close(): Promise<void> {
    this.stopAccepting();
    for (const socket of this.#sockets) socket.destroy();
    await this.#closed;
  }

  #onSocket(socket: Socket): void {
    const { limits } = this;
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    if (limits.tcpKeepAliveMs > 0) socket.setKeepAlive(true, limits.tcpKeepAliveMs);
    socket.on('error', this.#onError);
    const output = new ClientOutput<Client>(socket, this.output);
    const transport = new TcpTransport(socket, this.#framing, limits.closeTimeoutMs, output);
    const client = this.handler.opened(transport, undefined);
    const sockets = this.#sockets;
    if (client === undefined) {
      socket.resume(); // what it sends is of no interest, but its end is
      socket.once('close', () => sockets.delete(socket));
      return;
    }
    output.client = client;
    const decoder = this.#framing.decoder(limits.maxMessageBytes);
    const state = new TcpClient(
      socket,
      client,
      decoder,
      output,
      this.handler,
      sockets,
      limits.closeTimeoutMs,
    );
    (socket as ClientSocket<Client>)[CLIENT] = state;
    socket.on('end', onEnd);
    socket.on('close', onClose);
    if (limits.tcpIdleTimeoutMs > 0) state.watchIdle(limits.tcpIdleTimeoutMs);
    reader.attach(socket);
  }
}

/** One client of a listener, between its socket and the handler. */
class TcpClient<Client> implements MessageSink {
  /** Ends it when it is silent; once it has said its last, when it does not take what waits for it. */
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly client: Client,
    private readonly decoder: TcpDecoder,
    private readonly output: ClientOutput<Client>,
    private readonly handler: ListenerHandler<Client>,
    private readonly sockets: Set<Socket>,
    private readonly closeTimeoutMs: number,
  ) {}

  /** The kind of a raw TCP message is not known: it is bytes until a handler says otherwise. */
  message(data: Buffer): void {
    if (!this.socket.destroyed) this.handler.message(this.client, data, false);
  }

  received(chunk: Buffer): void {
    this.#timer?.refresh();
    try {
      this.decoder.push(chunk, this);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.handler.misbehaved(this.client, CloseCode.MessageTooBig, error.message);
      this.socket.destroy();
    }
  }

  /** Only what the client sends counts: `socket.setTimeout` would take our own writes for a sign of life. */
  watchIdle(idleTimeoutMs: number): void {
    const { socket } = this;
    const timer = setTimeout(() => {
      // While we do not read, what it sends lies in the system's buffer.
      if (socket.isPaused()) timer.refresh();
      else socket.destroy();
    }, idleTimeoutMs).unref();
    this.#timer = timer;
    socket.on('resume', () => timer.refresh());
  }

  /** The client sends no more, and Node ends our side as soon as what waits for it is taken. If it reads no more either, nothing else does. */
  ended(): void {
    const { socket } = this;
    clearTimeout(this.#timer);
    if (socket.writableLength > 0) this.#timer = setTimeout(destroy, this.closeTimeoutMs, socket).unref();
  }

  closed(): void {
    clearTimeout(this.#timer);
    this.sockets.delete(this.socket);
    this.output.end();
    this.handler.closed(this.client, undefined, '');
  }
}

const reader = new SharedReader(function (chunk) {
  (this as ClientSocket<unknown>)[CLIENT].received(chunk);
});

function destroy(socket: Socket): void {
  socket.destroy();
}

function onEnd<Client>(this: Socket): void {
  (this as ClientSocket<Client>)[CLIENT].ended();
}

function onClose<Client>(this: Socket): void {
  (this as ClientSocket<Client>)[CLIENT].closed();
}
