import type { Socket } from 'node:net';

/** Room for what is retained: a flush leaves at least half of it, so that frames of the usual sizes never move. */
export const CHUNK_BYTES = 128 * 1024;
/** So many of those that came back wait for their next use, 16 MiB in all. */
const MAX_SPARES = 128;

/**
 * The buffers that a link writes into when somebody refers to what was sent. They come back when nobody does any more: memory that
 * is always new costs more than what is written into it.
 */
export class RetainedChunks {
  readonly #spares: Buffer[] = [];
  /** So many of them were not needed since the last `trim`. */
  #unneeded = 0;
  #isOver = false;

  constructor(private readonly socket: Pick<Socket, 'writableLength'>) {}

  /** The one to be written now. */
  next(): Buffer {
    const chunk = this.#spares.pop() ?? Buffer.allocUnsafe(CHUNK_BYTES);
    this.#unneeded = Math.min(this.#unneeded, this.#spares.length);
    return chunk;
  }

  /** Nobody refers any more to this buffer, which was written before the one that is written now. */
  reuse(chunk: Buffer): void {
    // While the socket has something left to send, it may be this.
    const isSent = this.socket.writableLength === 0;
    const isKept = chunk.length === CHUNK_BYTES && this.#spares.length < MAX_SPARES;
    if (isSent && isKept && !this.#isOver) this.#spares.push(chunk);
  }

  /** Gives up the spares that were not needed since the last time: a burst must not leave its memory here for good. */
  trim(): void {
    this.#spares.splice(0, this.#unneeded);
    this.#unneeded = this.#spares.length;
  }

  /** The link is over. */
  end(): void {
    this.#isOver = true;
    this.#spares.length = 0;
  }
}
