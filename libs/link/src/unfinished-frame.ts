import type { Socket } from 'node:net';
import { FULL_BATCH_BYTES, type FrameDecoder } from '#protocol';
import type { CarryBudget } from './carry-budget.js';
import { TooMuchCarriedError, UnfinishedFrameError } from './errors.js';

/** A frame gets on when so much of it comes within the timeout: any network between nodes does many times that. */
export const LEAST_PROGRESS_BYTES = 32 * 1024;

/**
 * Watches whether a peer finishes the frames that it begins, and what they hold meanwhile. One timer, armed when a chunk ends inside a
 * frame and looked at when it fires: a busy link, whose chunks nearly always end inside a frame, sets no timer per chunk.
 */
export class UnfinishedFrameWatch {
  #timer: NodeJS.Timeout | undefined;
  #framesThen = 0;
  #bytesThen = 0;
  /** What the budget knows of. */
  #countedBytes = 0;
  #isOver = false;
  /** Frames finished so far: the link counts them. */
  frames = 0;

  /**
   * @param timeoutMs 0 waits for ever
   * @param budget absent for a link on its own, which the largest frame bounds
   * @param fail ends the link
   */
  constructor(
    private readonly socket: Socket,
    private readonly peer: string,
    private readonly decoder: FrameDecoder,
    private readonly timeoutMs: number,
    private readonly budget: CarryBudget | undefined,
    private readonly fail: (reason: Error) => void,
  ) {}

  /** A chunk has been decoded. */
  received(): void {
    const { budget } = this;
    const { carriedBytes, takesBatches } = this.decoder;
    // A peer that sends batches has proven itself, and is in the middle of one whenever it is busy.
    const counted = takesBatches ? Math.max(0, carriedBytes - FULL_BATCH_BYTES) : carriedBytes;
    const change = counted - this.#countedBytes;
    this.#countedBytes = counted;
    if (budget?.change(change) === false) {
      this.fail(new TooMuchCarriedError(this.peer, carriedBytes, budget.limitBytes));
    } else if (carriedBytes > 0) this.#arm();
  }

  /** Nothing is decoded any more. */
  end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.budget?.change(-this.#countedBytes);
    this.#countedBytes = 0;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.timeoutMs === 0 || this.#isOver) return;
    this.#framesThen = this.frames;
    this.#bytesThen = this.socket.bytesRead;
    // Looked at after what has arrived is read: when we were busy ourselves, the rest may lie in the system's buffer.
    this.#timer = setTimeout(() => setImmediate(this.#look), this.timeoutMs).unref();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const { carriedBytes } = this.decoder;
    if (this.#isOver || carriedBytes === 0) return;
    const progress = this.socket.bytesRead - this.#bytesThen;
    // While we do not read ourselves, the peer cannot get on.
    const isStalled =
      !this.socket.isPaused() && this.frames === this.#framesThen && progress < LEAST_PROGRESS_BYTES;
    if (isStalled) this.fail(new UnfinishedFrameError(this.peer, carriedBytes, this.timeoutMs));
    else this.#arm();
  };
}
