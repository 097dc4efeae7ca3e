import type { Socket } from 'node:net';
import type { Framing, OutgoingMessage } from '../connection/outgoing-message.js';
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
  /** A broadcast may wait for its slice; nothing that is sent later overtakes it. */
  send(message: OutgoingMessage, framing: Framing): void;
  flush(): void;
  discard(): void;
}

/** Whether messages may still be written: after its own close frame a WebSocket says nothing more. */
export interface Goodbye {
  readonly readyState: number;
}

const OPEN = 1;

/**
 * The outgoing bytes of one client: collected during a turn, written once. What waits is one piece, `#block` from `#start` to `#end`,
 * which grows as long as frames come to lie behind each other; after those that had to be begun before it.
 */
export class ClientOutput<Client> implements OutputQueue, Flushable, Backlogged {
  /** Whose output it is; undefined until the client has been taken. */
  client: Client | undefined;
  #block: Buffer | undefined;
  #start = 0;
  #end = 0;
  #earlier: Buffer[] | undefined;
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

  send(message: OutgoingMessage, framing: Framing): void {
    if (message.isBroadcast) return this.queue(message.framedBy(framing), true);
    const { payload } = message;
    const bytes = framing.frameBytes(payload);
    if (!this.#makeRoomFor(bytes)) return;
    const { arena } = this.context.flusher;
    arena.reserve(bytes);
    const { block, offset } = arena;
    framing.writeFrame(payload, block, offset);
    if (block === this.#block && offset === this.#end) {
      this.#end += bytes;
      this.#pendingBytes += bytes;
    } else this.#append(block, offset, bytes, false);
  }

  /** A frame that is there already, and may be others' too. */
  queue(frame: Buffer, isBroadcast: boolean): void {
    if (this.#makeRoomFor(frame.length)) this.#append(frame, 0, frame.length, isBroadcast);
  }

  flush(): void {
    const block = this.#block;
    if (block === undefined) return;
    const isJoined = this.#earlier !== undefined;
    const bytes = this.#takePending(block);
    const { socket, goodbye } = this;
    if (!socket.writable || (goodbye !== undefined && goodbye.readyState !== OPEN)) return;
    const isBehind = socket.writableLength > 0;
    const { arena } = this.context.flusher;
    // What waits with the socket must not lie where the next turn writes.
    const mustMove = isBehind && !isJoined && arena.holds(block);
    socket.write(mustMove ? Buffer.from(bytes) : bytes);
    if (socket.writableLength === 0) return;
    if (!isBehind && !isJoined) arena.abandon(block);
    this.context.slowClients.watch(this);
  }

  /** Forgets what has not been handed to the system yet. */
  discard(): void {
    this.#block = undefined;
    this.#earlier = undefined;
    this.#pendingBytes = 0;
  }

  end(): void {
    this.discard();
    this.context.slowClients.forget(this);
  }

  #append(block: Buffer, start: number, bytes: number, isBroadcast: boolean): void {
    if (this.#block === undefined) {
      this.#isWaitingForSlice = isBroadcast;
      this.context.flusher.mark(this, isBroadcast);
    } else {
      (this.#earlier ??= []).push(this.#piece(this.#block));
      if (this.#isWaitingForSlice && !isBroadcast) {
        this.#isWaitingForSlice = false;
        this.context.flusher.mark(this, false);
      }
    }
    this.#block = block;
    this.#start = start;
    this.#end = start + bytes;
    this.#pendingBytes += bytes;
  }

  #takePending(block: Buffer): Buffer {
    const last = this.#piece(block);
    const earlier = this.#earlier;
    const bytes = earlier === undefined ? last : Buffer.concat([...earlier, last], this.#pendingBytes);
    this.discard();
    return bytes;
  }

  /** Broadcasts are whole buffers, which need no view of their own. */
  #piece(block: Buffer): Buffer {
    return this.#start === 0 && this.#end === block.length ? block : block.subarray(this.#start, this.#end);
  }

  /** @returns false when the client is too slow for more. */
  #makeRoomFor(bytes: number): boolean {
    if (this.#hasRoomFor(bytes)) return true;
    // A burst within one turn does not make a slow client: only what the system does not take waits.
    this.flush();
    if (this.#hasRoomFor(bytes)) return true;
    this.context.overflowed(this);
    return false;
  }

  /** A single message may be as large as messages may be: only what piles up behind another is too much. */
  #hasRoomFor(bytes: number): boolean {
    const { maxQueuedBytes } = this.context;
    const waiting = this.unsentBytes;
    return maxQueuedBytes === 0 || waiting === 0 || waiting + bytes <= maxQueuedBytes;
  }
}
