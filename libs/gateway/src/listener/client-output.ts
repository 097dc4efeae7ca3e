import type { Socket } from 'node:net';
import type { Framing, OutgoingMessage } from '../connection/outgoing-message.js';
import type { Backlogged, SlowClients } from '../connection/slow-clients.js';
import { ClientBacklog, type BacklogLimits, type BacklogOwner, type ControlKind } from './client-backlog.js';
import { bytesTaken } from './bytes-taken.js';
import type { Flushable, Flusher } from './flusher.js';

/** What the outputs of all clients of a gateway share. */
export interface ClientOutputContext<Client> {
  readonly flusher: Flusher;
  /** Most bytes that are collected for a client before they go to its socket, and that may wait there. 0 disables the limit. */
  readonly maxPendingBytes: number;
  /** How messages wait for a client whose socket does not take them; undefined closes one for which more than `maxPendingBytes` wait. */
  readonly backlog: BacklogLimits | undefined;
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
  /** Sends a frame that is never dropped. */
  sendControl(kind: ControlKind, frame: Buffer): void;
  /** Writes what this turn has collected, without waiting for its end. */
  flush(): void;
  /** Gives the socket everything that waits, for a goodbye that comes behind it. */
  handOver(): void;
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
export class ClientOutput<Client> implements OutputQueue, Flushable, Backlogged, BacklogOwner {
  /** Whose output it is; undefined until the client has been taken. */
  client: Client | undefined;
  #block: Buffer | undefined;
  #start = 0;
  #end = 0;
  #earlier: Buffer[] | undefined;
  #pendingBytes = 0;
  /** All that is pending waits for its slice of a broadcast. */
  #isWaitingForSlice = false;
  /** There while the socket is behind, unless that ends the client. Then nothing else is pending. */
  #backlog: ClientBacklog | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly context: ClientOutputContext<Client>,
    private readonly goodbye?: Goodbye,
  ) {}

  get unsentBytes(): number {
    return this.#pendingBytes + this.socket.writableLength + (this.#backlog?.bytes ?? 0);
  }

  get takenBytes(): number {
    const { socket } = this;
    return this.context.backlog === undefined
      ? socket.bytesWritten - socket.writableLength
      : bytesTaken(socket);
  }

  get dueBytes(): number {
    if (this.context.backlog === undefined) return this.socket.bytesWritten + this.#pendingBytes;
    return this.takenBytes + 1;
  }

  get canWrite(): boolean {
    return this.socket.writable && (this.goodbye === undefined || this.goodbye.readyState === OPEN);
  }

  send(message: OutgoingMessage, framing: Framing): void {
    if (this.#backlog !== undefined) return this.#backlog.add(message, framing);
    if (message.isBroadcast) {
      const frame = message.framedBy(framing);
      if (this.#makeRoomFor(frame.length)) return this.#append(frame, 0, frame.length, true);
      return this.#addToBacklog(message, framing);
    }
    const { payload } = message;
    const bytes = framing.frameBytes(payload);
    if (!this.#makeRoomFor(bytes)) return this.#addToBacklog(message, framing);
    const { arena } = this.context.flusher;
    arena.reserve(bytes);
    const { block, offset } = arena;
    framing.writeFrame(payload, block, offset);
    if (block === this.#block && offset === this.#end) {
      this.#end += bytes;
      this.#pendingBytes += bytes;
    } else this.#append(block, offset, bytes, false);
  }

  sendControl(kind: ControlKind, frame: Buffer): void {
    if (this.#backlog === undefined && this.#makeRoomFor(frame.length))
      this.#append(frame, 0, frame.length, false);
    else this.#backlog?.setControl(kind, frame);
  }

  flush(): void {
    const block = this.#block;
    if (block === undefined) return;
    const isJoined = this.#earlier !== undefined;
    const bytes = this.#takePending(block);
    if (!this.canWrite) return;
    const { socket } = this;
    const isBehind = socket.writableLength > 0;
    const { arena } = this.context.flusher;
    // What waits with the socket must not lie where the next turn writes.
    const mustMove = isBehind && !isJoined && arena.holds(block);
    socket.write(mustMove ? Buffer.from(bytes) : bytes);
    if (socket.writableLength === 0) return;
    if (!isBehind && !isJoined) arena.abandon(block);
    this.#beginBacklog();
    this.fellBehind();
  }

  handOver(): void {
    this.flush();
    this.#backlog?.handOver();
  }

  /** Forgets what has not been handed to the system yet. */
  discard(): void {
    this.#forgetPending();
    this.#backlog?.discard();
  }

  fellBehind(): void {
    this.context.slowClients.watch(this);
  }

  caughtUp(): void {
    this.#backlog = undefined;
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

  #forgetPending(): void {
    this.#block = undefined;
    this.#earlier = undefined;
    this.#pendingBytes = 0;
  }

  #takePending(block: Buffer): Buffer {
    const last = this.#piece(block);
    const earlier = this.#earlier;
    const bytes = earlier === undefined ? last : Buffer.concat([...earlier, last], this.#pendingBytes);
    this.#forgetPending();
    return bytes;
  }

  /** Broadcasts are whole buffers, which need no view of their own. */
  #piece(block: Buffer): Buffer {
    return this.#start === 0 && this.#end === block.length ? block : block.subarray(this.#start, this.#end);
  }

  /** @returns false when the client is too slow for more: it is being closed, or its messages go to the backlog. */
  #makeRoomFor(bytes: number): boolean {
    if (this.#hasRoomFor(bytes)) return true;
    // A burst within one turn does not make a slow client: only what the system does not take waits.
    this.flush();
    if (this.#backlog !== undefined) return false;
    if (this.#hasRoomFor(bytes)) return true;
    if (this.context.backlog === undefined) this.context.overflowed(this);
    else this.#beginBacklog();
    return false;
  }

  /** A single message may be as large as messages may be: only what piles up behind another is too much. */
  #hasRoomFor(bytes: number): boolean {
    const { maxPendingBytes } = this.context;
    const waiting = this.#pendingBytes + this.socket.writableLength;
    return maxPendingBytes === 0 || waiting === 0 || waiting + bytes <= maxPendingBytes;
  }

  #beginBacklog(): void {
    const { backlog } = this.context;
    if (backlog !== undefined) this.#backlog ??= new ClientBacklog(this.socket, backlog, this);
  }

  #addToBacklog(message: OutgoingMessage, framing: Framing): void {
    this.#backlog?.add(message, framing);
  }
}
