import type { Socket } from 'node:net';
import { FrameWriter, type GatheredFrame } from '#protocol';
import type { LinkOptions } from './link-options.js';
import { RetainedChunks } from './retained-chunks.js';

/** A flush does not wait for the end of the turn beyond this. */
const FLUSH_AT_BYTES = 64 * 1024;
const OUTPUT_BYTES = 16 * 1024;
/** An output buffer that one large frame has grown beyond this is given back instead of kept for as long as the link lives. */
const MAX_KEPT_OUTPUT_BYTES = 2 * FLUSH_AT_BYTES;

/** What the owner is told of bytes that the peer does not take. */
export interface BacklogObserver {
  /** Unsent bytes have passed the high-water mark. */
  congested(): void;
  /** Everything that was unsent is sent. */
  drained(): void;
  /** More waits than may. */
  overflowed(queuedBytes: number): void;
}

/** The outgoing half of a link: frames written during a turn of the event loop leave together, and what is not taken is watched. */
export class LinkOutput {
  /** For the frame that is being written. */
  readonly frames = new FrameWriter(OUTPUT_BYTES);
  #isCongested = false;
  #isScheduled = false;
  #isConnected = false;
  #isOver = false;
  #chunks: RetainedChunks | undefined;
  /** So much of what is in `frames` has been handed to the socket already, and stays there for who refers to it. */
  #sent = 0;

  constructor(
    private readonly socket: Socket,
    private readonly limits: Pick<LinkOptions, 'maxQueuedBytes' | 'highWaterMarkBytes'>,
    private readonly observer: BacklogObserver,
  ) {
    socket.on('drain', () => this.#onDrain());
  }

  get isCongested(): boolean {
    return this.#isCongested;
  }

  get queuedBytes(): number {
    return this.#unflushed + this.socket.writableLength;
  }

  /** How much the system has taken so far. */
  get takenBytes(): number {
    return this.socket.bytesWritten - this.socket.writableLength;
  }

  /** From now on frames stay as they are where they were written, for who keeps what was sent, until he gives it back. */
  retain(): RetainedChunks {
    this.flush();
    this.#chunks = new RetainedChunks(this.socket);
    this.#startChunk(this.#chunks);
    return this.#chunks;
  }

  /** The socket takes bytes from here on. */
  connected(): void {
    this.#isConnected = true;
  }

  /** It takes none any more. */
  end(): void {
    this.#isOver = true;
    this.#chunks?.end();
  }

  /** A frame is complete: it leaves at the end of the turn, or now when there is much. */
  schedule(): void {
    if (this.#unflushed >= FLUSH_AT_BYTES) return this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#scheduledFlush);
  }

  flush(): void {
    const { frames, socket } = this;
    if (this.#unflushed === 0 || this.#isOver) return;
    if (!this.#isConnected) return this.#watchBacklog();
    frames.seal();
    socket.write(frames.view(this.#sent));
    this.#release();
    this.#watchBacklog();
  }

  /** After what was written before. */
  sendGathered(frame: GatheredFrame): void {
    this.flush();
    this.socket.cork();
    for (const part of frame.buffers()) this.socket.write(part);
    this.socket.uncork();
    this.#watchBacklog();
  }

  get #unflushed(): number {
    return this.frames.length - this.#sent;
  }

  /** The buffer after a flush. */
  #release(): void {
    const { frames, socket } = this;
    const chunks = this.#chunks;
    if (chunks !== undefined) {
      this.#sent = frames.length;
      if (frames.length >= FLUSH_AT_BYTES) this.#startChunk(chunks);
    }
    // Taken by the system at once: the buffer is ours again. Otherwise the socket keeps it until it is sent.
    else if (socket.writableLength === 0 && frames.length <= MAX_KEPT_OUTPUT_BYTES) frames.truncate(0);
    else frames.take(OUTPUT_BYTES);
  }

  #startChunk(chunks: RetainedChunks): void {
    this.frames.take(chunks.next());
    this.#sent = 0;
  }

  readonly #scheduledFlush = (): void => {
    this.#isScheduled = false;
    this.flush();
  };

  #onDrain(): void {
    if (!this.#isCongested) return;
    this.#isCongested = false;
    this.observer.drained();
  }

  #watchBacklog(): void {
    const { queuedBytes } = this;
    // The socket emits no 'drain' for what the system took at once, such as a backlog from before it was connected.
    if (queuedBytes === 0) return this.#onDrain();
    const { maxQueuedBytes, highWaterMarkBytes } = this.limits;
    if (maxQueuedBytes > 0 && queuedBytes > maxQueuedBytes) return this.observer.overflowed(queuedBytes);
    // Below its own mark the socket emits no 'drain', and a link that got congested there would stay so for ever.
    if (this.#isCongested || queuedBytes < Math.max(highWaterMarkBytes, this.socket.writableHighWaterMark))
      return;
    this.#isCongested = true;
    this.observer.congested();
  }
}
