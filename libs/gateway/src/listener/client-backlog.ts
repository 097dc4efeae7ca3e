import type { Socket } from 'node:net';
import type { Framing, OutgoingMessage } from '../connection/outgoing-message.js';
import type { DropCounters, DropPolicy } from '../connection/when-slow.js';
import { WaitingMessages } from './waiting-messages.js';

/** What the backlogs of a listener's clients share. */
export interface BacklogLimits {
  readonly policy: DropPolicy;
  /** Most bytes that may wait for one client. 0 disables the limit. */
  readonly maxQueuedBytes: number;
  readonly counters: DropCounters;
}

/** Whose backlog it is. */
export interface BacklogOwner {
  /** Messages may still be written. */
  readonly canWrite: boolean;
  /** The socket did not take all that it was given. */
  fellBehind(): void;
  /** Nothing waits here any more, and nothing may be added. */
  caughtUp(): void;
}

export type ControlKind = 'ping' | 'pong';

/**
 * Handed to the socket at once, which cannot be dropped any more: enough to fill the pipe. The system takes 1,024 pieces in one call at
 * most; more would look like a socket that is full.
 */
export const HANDED_OVER_AT_ONCE_BYTES = 64 * 1024;
const HANDED_OVER_AT_ONCE = 512;
const NOTHING = Buffer.alloc(0);

/**
 * What waits for a client while its socket does not take it, under a policy that drops messages. It exists from the moment when the
 * socket is behind until everything is taken; meanwhile all that is sent goes through it. The socket is given little at a time, so
 * that the rest may still be dropped.
 */
export class ClientBacklog {
  readonly #messages: WaitingMessages;
  /** Control frames are never dropped. A newer one stands for the older (RFC 6455 section 5.5.3), so that they cannot pile up. */
  #ping: Buffer | undefined;
  #pong: Buffer | undefined;
  #unansweredWrites = 0;
  #isOver = false;

  constructor(
    private readonly socket: Socket,
    limits: BacklogLimits,
    private readonly owner: BacklogOwner,
  ) {
    this.#messages = new WaitingMessages(limits.policy, limits.maxQueuedBytes, limits.counters);
    // Before the socket's own listener, which ends our side: what waits here would be lost.
    socket.prependListener('end', this.#onPeerEnded);
    this.#askForNews();
  }

  get bytes(): number {
    return this.#messages.bytes + this.#controlBytes;
  }

  add(message: OutgoingMessage, framing: Framing): void {
    const heldBytes = this.socket.writableLength + this.#controlBytes;
    this.#messages.add(message, framing, heldBytes);
  }

  setControl(kind: ControlKind, frame: Buffer): void {
    if (kind === 'ping') this.#ping = frame;
    else this.#pong = frame;
  }

  /** All of it is the socket's from here on, for a goodbye that comes behind it. */
  handOver(): void {
    if (this.#isOver) return;
    const frames = [...this.#takeControls(), ...this.#messages.take()];
    if (frames.length > 0 && this.owner.canWrite) this.#write(frames);
    this.discard();
  }

  discard(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#takeControls();
    this.#messages.clear();
    this.socket.off('end', this.#onPeerEnded);
    this.owner.caughtUp();
  }

  get #controlBytes(): number {
    return (this.#ping?.length ?? 0) + (this.#pong?.length ?? 0);
  }

  #takeControls(): Buffer[] {
    const frames = [this.#pong, this.#ping].filter((frame) => frame !== undefined);
    this.#ping = this.#pong = undefined;
    return frames;
  }

  readonly #onPeerEnded = (): void => this.handOver();

  readonly #onWritten = (error?: Error | null): void => {
    this.#unansweredWrites--;
    // After an error the socket is closed, which discards this.
    if (!this.#isOver && (error === undefined || error === null)) this.#writeOn();
  };

  #writeOn(): void {
    while (this.socket.writableLength === 0) {
      const frames = this.#takeControls();
      if (!this.#messages.isEmpty)
        frames.push(...this.#messages.take(HANDED_OVER_AT_ONCE_BYTES, HANDED_OVER_AT_ONCE));
      if (frames.length === 0 || !this.owner.canWrite) return this.discard();
      this.#write(frames);
    }
    this.owner.fellBehind();
    this.#askForNews();
  }

  /** 'drain' comes only after more than the socket's high water mark. An empty write is answered when all before it is taken. */
  #askForNews(): void {
    if (this.#unansweredWrites === 0) this.#write([NOTHING]);
  }

  /** In one system call, and without joining them: they are others' too. */
  #write(frames: readonly Buffer[]): void {
    const { socket } = this;
    const last = frames.length - 1;
    socket.cork();
    for (let i = 0; i < last; i++) socket.write(frames[i]!);
    this.#unansweredWrites++;
    socket.write(frames[last]!, this.#onWritten);
    socket.uncork();
  }
}
