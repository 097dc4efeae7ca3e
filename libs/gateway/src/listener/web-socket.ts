import type { Socket } from 'node:net';
import { SharedReader } from '#link';
import type { Framing, OutgoingMessage } from '../connection/outgoing-message.js';
import type { Transport } from '../connection/transport.js';
import type { ClientOutput } from './client-output.js';
import type { ListenerHandler } from './listener.js';
import { SocketTransport } from './socket-transport.js';
import { closeFrame, PING_FRAME, pongFrame } from './ws-framing.js';
import { WsProtocolError, WsReceiver, type WsReceiverSink } from './ws-receiver.js';

/** What all WebSockets of a listener share. */
export interface WebSocketContext<Client> {
  readonly handler: ListenerHandler<Client>;
  readonly framing: Framing;
  readonly maxMessageBytes: number;
  /** How long a client may take to answer a close frame, and to close its side of the connection. */
  readonly closeTimeoutMs: number;
}

/** `closing`: our close frame is sent, and nothing more is. */
type WebSocketState = 'open' | 'closing' | 'closed';

/** What is reported of a client that went without a close frame. */
const ABNORMAL = 1006;

/** Where a socket keeps its WebSocket: its handlers are one function for all clients, not a closure each. */
const WEB_SOCKET = Symbol('nestwire web socket');

interface WebSocketSocket extends Socket {
  [WEB_SOCKET]: WebSocket<unknown>;
}

/** One WebSocket client after its upgrade, without extensions: messages, control frames and the close handshake of RFC 6455. */
export class WebSocket<Client> extends SocketTransport implements Transport, WsReceiverSink {
  readonly kind = 'ws';
  readonly #receiver: WsReceiver;
  #state: WebSocketState = 'open';
  /** Undefined for one that has not been taken. */
  #client: Client | undefined;
  /** What the client's close frame said. */
  #closeCode = ABNORMAL;
  #closeReason = '';
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(
    socket: Socket,
    private readonly clientOutput: ClientOutput<Client>,
    private readonly context: WebSocketContext<Client>,
  ) {
    super(socket, clientOutput);
    this.#receiver = new WsReceiver(context.maxMessageBytes);
  }

  /**
   * Begins to read.
   * @param client undefined when it was turned away: then it is only waited for until it is gone
   * @param head what came in one piece with the upgrade request
   */
  start(client: Client | undefined, head: Buffer): void {
    const { socket } = this;
    this.#client = client;
    this.clientOutput.client = client;
    (socket as WebSocketSocket)[WEB_SOCKET] = this as WebSocket<unknown>;
    socket.on('end', onEnd);
    socket.on('close', onClose);
    if (head.length > 0) this.received(head);
    reader.attach(socket);
  }

  send(message: OutgoingMessage): void {
    if (this.#state === 'open') this.output.send(message, this.context.framing);
  }

  ping(): void {
    if (this.#state === 'open') this.output.sendControl('ping', PING_FRAME);
  }

  close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#sayGoodbye();
    this.socket.write(closeFrame(code, reason));
  }

  message(data: Buffer, isText: boolean): void {
    if (this.#client !== undefined) this.context.handler.message(this.#client, data, isText);
  }

  pinged(data: Buffer): void {
    if (this.#state === 'open') this.output.sendControl('pong', pongFrame(data));
  }

  /** A sign of life, as all bytes of the client are. */
  ponged(): void {}

  closed(code: number, reason: string): void {
    this.#closeCode = code;
    this.#closeReason = reason;
    if (this.#state === 'open') {
      this.#sayGoodbye();
      this.socket.end(closeFrame(code, reason));
    } else this.socket.end();
  }

  received(chunk: Buffer): void {
    try {
      this.#receiver.push(chunk, this);
    } catch (error) {
      if (!(error instanceof WsProtocolError)) throw error;
      this.#fail(error);
    }
  }

  /** The client sends no more. */
  ended(): void {
    // With its deadline: nothing else ends a client that neither reads what waits for it nor speaks.
    if (this.#state === 'open') this.#sayGoodbye();
    // Ending it once more would make an error object, which costs more than all the rest of a goodbye.
    if (!this.socket.writableEnded) this.socket.end();
  }

  gone(): void {
    this.#state = 'closed';
    this.#receiver.stop();
    clearTimeout(this.#closeTimer);
    this.clientOutput.end();
    if (this.#client !== undefined)
      this.context.handler.closed(this.#client, this.#closeCode, this.#closeReason);
  }

  /** Nothing that the client says is understood from here on; it is read on only so that our close frame reaches it. */
  #fail({ closeCode, message }: WsProtocolError): void {
    if (this.#client !== undefined) this.context.handler.misbehaved(this.#client, closeCode, message);
    this.close(closeCode, '');
    this.socket.end();
  }

  #sayGoodbye(): void {
    this.output.handOver();
    this.#state = 'closing';
    this.#closeTimer = setTimeout(destroy, this.context.closeTimeoutMs, this.socket);
  }
}

function destroy(socket: Socket): void {
  socket.destroy();
}

const reader = new SharedReader(function (chunk) {
  (this as WebSocketSocket)[WEB_SOCKET].received(chunk);
});

function onEnd(this: Socket): void {
  (this as WebSocketSocket)[WEB_SOCKET].ended();
}

function onClose(this: Socket): void {
  (this as WebSocketSocket)[WEB_SOCKET].gone();
}
