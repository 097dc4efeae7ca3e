import { once } from 'node:events';
import { WebSocket } from 'ws';

/** What the worker answered instead of data. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Message {
  readonly id?: number;
  readonly data?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
  readonly event?: string;
}

export interface Heard {
  readonly event: string;
  readonly data: Record<string, unknown>;
}

const PATIENCE_MS = 5_000;

/** A tab, as the worker sees one: a WebSocket that asks, and keeps what it is told. */
export class ChatClient {
  /** All events so far that are not about the lobby, in order. */
  readonly heard: Heard[] = [];
  readonly lobby: Heard[] = [];
  readonly #pending = new Map<number, (message: Message) => void>();
  readonly #waiting = new Set<() => void>();
  #lastId = 0;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.#take(JSON.parse(data.toString('utf8')) as Message));
  }

  static async connect(url: string): Promise<ChatClient> {
    const client = new ChatClient(new WebSocket(url));
    await once(client.socket, 'open');
    await client.until('welcome');
    return client;
  }

  /** @throws Refusal when the answer is an error */
  async ask<Answer = Record<string, unknown>>(event: string, data?: unknown): Promise<Answer> {
    const id = ++this.#lastId;
    const answered = new Promise<Message>((resolve) => this.#pending.set(id, resolve));
    this.socket.send(JSON.stringify({ event, data, id }));
    const { error, data: answer } = await within(answered, () => `no answer to ${event}`);
    if (error !== undefined) throw new Refusal(error.code, error.message);
    return answer as Answer;
  }

  /** The first event of that name, that came or comes, whose data has what is given. */
  async until(event: string, data: Record<string, unknown> = {}): Promise<Heard> {
    const find = (): Heard | undefined =>
      [...this.heard, ...this.lobby].find((heard) => heard.event === event && hasAll(heard.data, data));
    return this.#waitFor(find, () => `no ${event} ${JSON.stringify(data)}; heard ${this.#names()}`);
  }

  /** What the lobby was told last of a room's members, once that is what is expected. */
  async untilCounted(room: string, members: number): Promise<void> {
    const isTold = (): true | undefined => {
      const counts = this.lobby.flatMap(({ data }) => data['rooms'] as { room: string; members: number }[]);
      return counts.findLast((count) => count.room === room)?.members === members ? true : undefined;
    };
    await this.#waitFor(isTold, () => `the lobby was not told that ${room} has ${members}`);
  }

  /** Whether the lobby was told last that a user is online, once that is what is expected. */
  async untilOnline(uid: string, isOnline: boolean): Promise<void> {
    const isTold = (): true | undefined => {
      const news = this.lobby.flatMap(({ data }) => data['people'] as { uid: string; isOnline: boolean }[]);
      return news.findLast((person) => person.uid === uid)?.isOnline === isOnline ? true : undefined;
    };
    await this.#waitFor(isTold, () => `the lobby was not told that ${uid} is ${isOnline ? 'on' : 'off'}line`);
  }

  /** The events of some names, in order. */
  all(...events: string[]): Heard[] {
    return this.heard.filter(({ event }) => events.includes(event));
  }

  /** Everything sent to this client so far has come when this resolves. */
  async settled(): Promise<void> {
    await this.ask('no-such-event').catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }

  async #waitFor<Value>(find: () => Value | undefined, problem: () => string): Promise<Value> {
    const found = find();
    if (found !== undefined) return found;
    let look: () => void = () => undefined;
    const later = new Promise<Value>((resolve) => {
      look = () => {
        const value = find();
        if (value !== undefined) resolve(value);
      };
      this.#waiting.add(look);
    });
    try {
      return await within(later, problem);
    } finally {
      this.#waiting.delete(look);
    }
  }

  #take(message: Message): void {
    if (message.id !== undefined) {
      this.#pending.get(message.id)?.(message);
      this.#pending.delete(message.id);
      return;
    }
    const heard = message as Heard;
    (heard.event === 'lobby' ? this.lobby : this.heard).push(heard);
    for (const look of this.#waiting) look();
  }

  #names(): string {
    return this.heard.map(({ event }) => event).join(', ');
  }
}

async function within<Value>(promise: Promise<Value>, problem: () => string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(problem())), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function hasAll(data: Record<string, unknown>, wanted: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([key, value]) => JSON.stringify(data[key]) === JSON.stringify(value));
}
