import type { Socket } from 'node:net';
import type { Backlogged, SlowClients } from '../connection/slow-clients.js';
import type { Flushable, Flusher } from './flusher.js';

/** What the outputs of all clients of a gateway share. */
export interface ClientOutputContext<Client> {
  readonly flusher: Flusher;
  /** Most bytes that may wait for one client; one more, and it is too slow. 0 disables the limit. */
  readonly maxQueuedBytes: number;
  /** Watches those that did not take all of a write. */
  readonly slowClients: SlowClients<ClientOutput<Client>>;
  /** More waits for the client than may. */
  overflowed(output: ClientOutput<Client>): void;
}

/** What a transport needs of it. */
export interface OutputQueue {
  readonly unsentBytes: number;
  /** @param isBroadcast it may wait for its slice of a broadcast; nothing that is queued later overtakes it */
  queue(frame: Buffer, isBroadcast: boolean): void;
  flush(): void;
  discard(): void;
}

/** Whether messages may still be written: after its own close frame a WebSocket says nothing more. */
export interface Goodbye {
  readonly readyState: number;
}

const OPEN = 1;

/** The outgoing bytes of one client: collected during a turn, written once. */
export class ClientOutput<Client> implements OutputQueue, Flushable, Backlogged {
  /** Whose output it is; undefined until the client has been taken. */
  client: Client | undefined;
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  #pendingBytes = 0;
  /** All that is pending waits for its slice of a broadcast. */
  #isWaitingForSlice = false;

  constructor(
    private readonly socket: Socket,
    private readonly context: ClientOutputContext<Client>,
    private readonly goodbye?: Goodbye,
  ) {}

  get unsentBytes(): number {
    return this.#pendingBytes + this.socket.writableLength;
  }

  get handedOverBytes(): number {
    return this.socket.bytesWritten + this.#pendingBytes;
  }

  queue(frame: Buffer, isBroadcast: boolean): void {
    if (!this.#hasRoomFor(frame.length)) {
      // A burst within one turn does not make a slow client: only what the system does not take waits.
      this.flush();
      if (!this.#hasRoomFor(frame.length)) return this.context.overflowed(this);
    }
    if (this.#first === undefined) {
      this.#first = frame;
      this.#isWaitingForSlice = isBroadcast;
      this.context.flusher.mark(this, isBroadcast);
    } else {
      (this.#more ??= []).push(frame);
      if (this.#isWaitingForSlice && !isBroadcast) {
        this.#isWaitingForSlice = false;
        this.context.flusher.mark(this, false);
      }
    }
    this.#pendingBytes += frame.length;
  }

  flush(): void {
    const first = this.#first;
    if (first === undefined) return;
    const bytes =
      this.#more === undefined ? first : Buffer.concat([first, ...this.#more], this.#pendingBytes);
    this.discard();
    const { socket, goodbye } = this;
    if (!socket.writable || (goodbye !== undefined && goodbye.readyState !== OPEN)) return;
    socket.write(bytes);
    if (socket.writableLength > 0) this.context.slowClients.watch(this);
  }

  /** Forgets what has not been handed to the system yet. */
  discard(): void {
    this.#first = undefined;
    this.#more = undefined;
    this.#pendingBytes = 0;
  }

  end(): void {
    this.discard();
    this.context.slowClients.forget(this);
  }

  /** A single message may be as large as messages may be: only what piles up behind another is too much. */
  #hasRoomFor(bytes: number): boolean {
    const { maxQueuedBytes } = this.context;
    const waiting = this.unsentBytes;
    return maxQueuedBytes === 0 || waiting === 0 || waiting + bytes <= maxQueuedBytes;
  }
}
