import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import type { ClientId } from '#protocol';
import type { Attempt } from './apps/worker/test.handlers.js';

const PATIENCE_MS = 15_000;

/** A message of the test worker, or an answer to a call. */
export type Message = Readonly<Record<string, unknown>>;

/** A client of a gateway, over WebSocket or raw TCP with lines. What it receives waits here until a test asks for it. */
export abstract class TestClient {
  /** Told by the worker's welcome. */
  id = '' as ClientId;
  /** The close code once it is closed; 0 over raw TCP. */
  closeCode: number | undefined;
  readonly #inbox: Message[] = [];
  readonly #waiting = new Set<() => void>();
  #lastCall = 0;

  /** An api call, done by a worker. Rejects with the error's text when the worker answers with one. */
  async call(fn: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.#ask('call', fn, args);
  }

  /** One that may fail while nodes come and go: the worker has handled the error, and tells its code. */
  async attempt(fn: string, ...args: readonly unknown[]): Promise<Attempt> {
    return (await this.#ask('attempt', fn, args)) as Attempt;
  }

  /** The first message that matches and was not taken yet. */
  async next(matches: (message: Message) => boolean, what: string): Promise<Message> {
    await this.#until(() => this.#inbox.some(matches), what);
    return this.#inbox.splice(this.#inbox.findIndex(matches), 1)[0]!;
  }

  /** The first message with this event. */
  event(name: string): Promise<Message> {
    return this.next(({ event }) => event === name, `the event "${name}"`);
  }

  /** Every message that is there and was not taken yet. */
  takeAll(): Message[] {
    return this.#inbox.splice(0);
  }

  async closed(): Promise<number> {
    await this.#until(() => this.closeCode !== undefined, 'its end');
    return this.closeCode!;
  }

  /** A message that wants no answer. */
  send(event: string, data: unknown): void {
    this.write(JSON.stringify({ event, data }));
  }

  /** Sends no more, and says goodbye. */
  abstract close(): void;

  protected abstract write(text: string): void;

  protected received(text: string): void {
    this.#inbox.push(JSON.parse(text) as Message);
    this.#news();
  }

  protected ended(code: number): void {
    this.closeCode = code;
    this.#news();
  }

  /** Resolves when a worker has been told of it. */
  async welcomed(): Promise<this> {
    this.id = (await this.event('welcome'))['id'] as ClientId;
    return this;
  }

  async #ask(event: string, fn: string, args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#lastCall;
    this.write(JSON.stringify({ event, data: { fn, args }, id }));
    const { data, error } = await this.next((message) => message['id'] === id, `the answer to ${fn}`);
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return data ?? undefined;
  }

  #news(): void {
    for (const look of this.#waiting) look();
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const finish = (problem?: string): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (problem === undefined) resolve();
        else reject(new Error(`Client ${this.id} ${problem} ${what}; it has ${JSON.stringify(this.#inbox)}`));
      };
      const look = (): void => {
        if (condition()) finish();
        else if (this.closeCode !== undefined) finish(`was closed with ${this.closeCode} before`);
      };
      const timer = setTimeout(() => finish(`waited ${PATIENCE_MS} ms for`), PATIENCE_MS);
      this.#waiting.add(look);
      look();
    });
  }
}

export class WsClient extends TestClient {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.received(data.toString()));
    socket.on('close', (code) => this.ended(code));
    // The close that follows says it all.
    socket.on('error', () => undefined);
  }

  /** Connected, and welcomed by a worker. */
  static async connect(url: string): Promise<WsClient> {
    return (await WsClient.open(url)).welcomed();
  }

  /** Connected; no worker need be there. */
  static async open(url: string): Promise<WsClient> {
    const socket = new WebSocket(url);
    const client = new WsClient(socket);
    await once(socket, 'open');
    return client;
  }

  override close(): void {
    this.#socket.close(1000, 'bye');
  }

  protected override write(text: string): void {
    this.#socket.send(text);
  }
}

export class TcpClient extends TestClient {
  readonly #socket;

  private constructor(port: number) {
    super();
    this.#socket = connect(port, '127.0.0.1');
    createInterface({ input: this.#socket }).on('line', (line) => this.received(line));
    this.#socket.on('close', () => this.ended(0));
    this.#socket.on('error', () => undefined);
  }

  /** Connected, and welcomed by a worker. */
  static connect(port: number): Promise<TcpClient> {
    return new TcpClient(port).welcomed();
  }

  override close(): void {
    this.#socket.end();
  }

  protected override write(text: string): void {
    this.#socket.write(`${text}\n`);
  }
}
