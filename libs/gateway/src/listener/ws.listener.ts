import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CloseCode, formatAddress, type NodeAddress } from '#protocol';
import type { ServerOptions, WebSocket, WebSocketServer } from 'ws';
import type { AcceptGate, TurnedAway } from './accept-gate.js';
import { ClientOutput, type ClientOutputContext } from './client-output.js';
import type { Listener, ListenerHandler } from './listener.js';
import type { WsListenerOptions } from './listener-url.js';
import { listenOn } from './listening-server.js';
import { upgradeRequestOf } from './upgrade-request.js';
import { GatewayWsAdapter } from './ws.adapter.js';
import { WS_FRAMINGS } from './ws-framing.js';
import { UpgradedSocket } from './upgraded-socket.js';
import { WebSocket as OwnWebSocket, type WebSocketContext } from './web-socket.js';
import { WsTransport } from './ws-transport.js';

export interface WsListenerLimits {
  /** Most clients that the gateway takes. */
  readonly maxConnections: number;
  readonly maxMessageBytes: number;
  /** Who reads the clients' frames. */
  readonly receiver: 'nestwire' | 'ws';
  /** How long a client may take to send its upgrade request. */
  readonly upgradeTimeoutMs: number;
  /** How long a client may take to answer a close frame. */
  readonly closeTimeoutMs: number;
}

/** Where a `ws` socket keeps what belongs to it: its handlers are one function for all clients, not a closure each. */
const STATE = Symbol('nestwire client');

interface ClientSocket<Client> extends WebSocket {
  [STATE]: {
    readonly client: Client;
    readonly transport: WsTransport;
    readonly output: ClientOutput<Client>;
    readonly handler: ListenerHandler<Client>;
  };
}

/** Sockets that may be on their way to become clients: as many as clients, but not so many that they use up the descriptors. */
const [LEAST_UPGRADING, MOST_UPGRADING] = [16, 1_000];

/** Who is told to come later waits so many seconds at most; each is told a number of its own, so that they do not come together. */
const MOST_RETRY_AFTER_S = 5;

const STATUS_OF: Readonly<Record<TurnedAway, string>> = {
  late: '503 Service Unavailable',
  crowded: '429 Too Many Requests',
};

const UPGRADE_REQUIRED = 'This port speaks WebSocket. Connect to it with a WebSocket client.\n';

/** WebSocket clients on one port. The handshake and control frames are `ws`'. */
export class WsListener<Client> implements Listener {
  readonly #http: Server;
  readonly #server: WebSocketServer;
  readonly #context: WebSocketContext<Client>;
  /** Those that were told to come later, until they are gone. */
  readonly #turnedAway = new Set<Socket>();
  #address: NodeAddress;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly options: WsListenerOptions,
    private readonly limits: WsListenerLimits,
    gate: AcceptGate,
    private readonly output: ClientOutputContext<Client>,
    private readonly handler: ListenerHandler<Client>,
  ) {
    this.#address = { host: options.host, port: options.port };
    this.#context = {
      handler,
      framing: WS_FRAMINGS[options.send],
      maxMessageBytes: limits.maxMessageBytes,
      closeTimeoutMs: limits.closeTimeoutMs,
    };
    this.#http = createServer({
      headersTimeout: limits.upgradeTimeoutMs,
      requestTimeout: limits.upgradeTimeoutMs,
      connectionsCheckingInterval: Math.max(100, limits.upgradeTimeoutMs / 4),
    });
    const upgrading = Math.min(Math.max(limits.maxConnections, LEAST_UPGRADING), MOST_UPGRADING);
    this.#http.maxConnections = limits.maxConnections + upgrading + gate.mostWaiting;
    this.#guard(gate);
    this.#http.on('drop', () => handler.dropped());
    this.#http.on('request', answerPlainHttp);
    this.#http.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#onHttpError(error, socket));
    const adapter = new GatewayWsAdapter(this.#http, options.path, handler);
    const serverOptions: ServerOptions & { closeTimeout: number; autoPong: boolean } = {
      ...(limits.receiver === 'nestwire' ? { WebSocket: UpgradedSocket } : {}),
      maxPayload: limits.maxMessageBytes,
      perMessageDeflate: false,
      clientTracking: false,
      autoPong: false,
      closeTimeout: limits.closeTimeoutMs,
    };
    this.#server = adapter.createServer(serverOptions);
    adapter.bindClientConnect(this.#server, (client: WebSocket, request: IncomingMessage) =>
      this.#onClient(client, request),
    );
  }

  get address(): NodeAddress {
    return this.#address;
  }

  get url(): string {
    return `ws://${formatAddress(this.#address)}${this.options.path ?? ''}`;
  }

  async listen(): Promise<void> {
    this.#address = await listenOn(this.#http, this.#address, (error) => this.handler.failed(error));
  }

  stopAccepting(): void {
    this.#closed ??= new Promise((resolve) => {
      this.#http.close(() => resolve());
    });
    this.#http.closeIdleConnections();
  }

  async close(): Promise<void> {
    this.stopAccepting();
    this.#server.close();
    this.#http.closeAllConnections();
    for (const socket of this.#turnedAway) socket.destroy();
    await this.#closed;
  }

  /** Whoever may come in is handed to Node's HTTP server, as if it had arrived just now. */
  #guard(gate: AcceptGate): void {
    const { handler } = this;
    const http = this.#http;
    const serve = http.listeners('connection') as ((socket: Socket) => void)[];
    http.removeAllListeners('connection');
    gate.guard(http, {
      admit: (socket) => {
        for (const listener of serve) listener.call(http, socket);
      },
      turnAway: (socket, mayAnswer, why) => {
        handler.dropped();
        if (mayAnswer) this.#askToComeLater(socket, why);
        else socket.destroy();
      },
    });
  }

  #askToComeLater(socket: Socket, why: TurnedAway): void {
    this.#turnedAway.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.limits.closeTimeoutMs);
    socket.on('error', ignore);
    socket.once('close', () => {
      clearTimeout(timer);
      this.#turnedAway.delete(socket);
    });
    socket.resume(); // a request that lies unread would make a reset of the end, which takes the answer with it
    const retryAfterS = 1 + Math.floor(Math.random() * MOST_RETRY_AFTER_S);
    socket.end(
      `HTTP/1.1 ${STATUS_OF[why]}\r\nConnection: close\r\nRetry-After: ${retryAfterS}\r\nContent-Length: 0\r\n\r\n`,
    );
  }

  #onClient(client: WebSocket, request: IncomingMessage): void {
    if (client instanceof UpgradedSocket) return this.#onUpgraded(client, request);
    const { socket } = request;
    const { handler } = this;
    const output = new ClientOutput<Client>(socket, this.output, client);
    const transport = new WsTransport(client, socket, this.#context.framing, output);
    const accepted = handler.opened(transport, upgradeRequestOf(request, transport.remoteAddress));
    if (accepted === undefined) {
      client.on('error', ignore); // it has been turned away already, whatever it says
      return;
    }
    output.client = accepted;
    (client as ClientSocket<Client>)[STATE] = { client: accepted, transport, output, handler };
    client.on('message', onMessage);
    client.on('ping', onPing);
    client.on('error', onError);
    client.on('close', onClose);
  }

  #onUpgraded({ head }: UpgradedSocket, request: IncomingMessage): void {
    const { socket } = request;
    const client = new OwnWebSocket<Client>(socket, new ClientOutput(socket, this.output), this.#context);
    const accepted = this.handler.opened(client, upgradeRequestOf(request, client.remoteAddress));
    client.start(accepted, head);
  }

  /** Bytes that are no HTTP, or an upgrade that did not come in time: answered as Node would, and counted. */
  #onHttpError(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      this.handler.failed(error);
      socket.destroy();
      return;
    }
    this.handler.refused(error);
    const status = HTTP_STATUS[error.code ?? ''] ?? '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
      socket.destroy(),
    );
  }
}

const HTTP_STATUS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** What `ws` tells a client that broke the protocol, by the code of its error. */
const WS_CLOSE_CODES: Readonly<Record<string, number>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: CloseCode.MessageTooBig,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: CloseCode.MessageTooBig,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_INVALID_UTF8: 1007,
};
const PROTOCOL_ERROR = 1002;

function onMessage<Client>(this: WebSocket, data: unknown, isBinary: boolean): void {
  const { client, handler } = (this as ClientSocket<Client>)[STATE];
  handler.message(client, data as Buffer, !isBinary);
}

function onPing(this: WebSocket, data: Buffer): void {
  (this as ClientSocket<unknown>)[STATE].transport.pinged(data);
}

function onError<Client>(this: WebSocket, error: NodeJS.ErrnoException): void {
  const { client, handler } = (this as ClientSocket<Client>)[STATE];
  const code = error.code?.startsWith('WS_ERR_') === true ? error.code : undefined;
  if (code === undefined) handler.failed(error);
  else handler.misbehaved(client, WS_CLOSE_CODES[code] ?? PROTOCOL_ERROR, error.message);
}

function ignore(): void {}

function onClose<Client>(this: WebSocket, code: number, reason: Buffer): void {
  const { client, output, handler } = (this as ClientSocket<Client>)[STATE];
  output.end();
  handler.closed(client, code, reason.toString('utf8'));
}

function answerPlainHttp(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, {
    Connection: 'close, Upgrade',
    Upgrade: 'websocket',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': UPGRADE_REQUIRED.length,
  });
  response.end(UPGRADE_REQUIRED);
}
