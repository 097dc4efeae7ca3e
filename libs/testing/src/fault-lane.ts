import type { Socket } from 'node:net';
import type { DirectionFaults } from './fault-directions.js';
import type { SeededRandom } from './random.js';

/** What waits here at most; then the sender is not read, as on a line that is full. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/** How a stream ends: `end` is a FIN, `reset` a RST. */
type Ending = 'end' | 'reset';

interface Waiting {
  readonly what: Buffer | Ending;
  /** On the clock of `performance.now()`. */
  dueMs: number;
}

/** One direction of one connection: takes bytes from a socket, and writes them to another as its faults say. */
export class FaultLane {
  readonly #queue: Waiting[] = [];
  #waitingBytes = 0;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isFull = false;
  #isBetweenPieces = false;
  #isOver = false;
  #hasHole = false;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly faults: DirectionFaults,
    private readonly random: SeededRandom,
  ) {
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => this.#take('end'));
    from.on('error', () => this.#take('reset'));
    to.on('drain', () => {
      this.#isFull = false;
      this.#pump();
    });
    this.#regulate();
  }

  /** Bytes were thrown away: what follows them would be nonsense. */
  get hasHole(): boolean {
    return this.#hasHole;
  }

  /** The faults are others now. What waits leaves no later than they say. */
  changed(): void {
    const latestMs = performance.now() + this.faults.delayMs + this.faults.jitterMs;
    for (const waiting of this.#queue) waiting.dueMs = Math.min(waiting.dueMs, latestMs);
    this.#lastDueMs = Math.min(this.#lastDueMs, latestMs);
    this.#pump();
  }

  /** The connection is over: what waits is dropped. */
  stop(): void {
    this.#isOver = true;
    this.#queue.length = 0;
    clearTimeout(this.#timer);
  }

  #take(what: Buffer | Ending): void {
    if (this.#isOver) return;
    const { delayMs, jitterMs } = this.faults;
    const dueMs = delayMs + jitterMs === 0 ? 0 : performance.now() + delayMs + this.random.next() * jitterMs;
    // A stream: what is sent later does not come earlier, however the dice fall.
    this.#lastDueMs = Math.max(this.#lastDueMs, dueMs);
    this.#queue.push({ what, dueMs: this.#lastDueMs });
    this.#waitingBytes += sizeOf(what);
    this.#pump();
  }

  get #mustWait(): boolean {
    return this.faults.isFrozen || this.#isFull || this.#isBetweenPieces || this.#isOver;
  }

  #pump(): void {
    clearTimeout(this.#timer);
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#mustWait) break;
      const waitMs = next.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pump(), waitMs);
        break;
      }
      this.#queue.shift();
      this.#waitingBytes -= sizeOf(next.what);
      if (next.what === 'end' || next.what === 'reset') this.#finish(next.what);
      else this.#pass(next.what);
    }
    this.#regulate();
  }

  #pass(bytes: Buffer): void {
    const { chunkBytes, isSwallowing } = this.faults;
    if (isSwallowing) {
      this.#hasHole = true;
      return;
    }
    const isSplit = chunkBytes > 0 && bytes.length > chunkBytes;
    const piece = isSplit ? bytes.subarray(0, chunkBytes) : bytes;
    this.#isFull = !this.to.write(piece);
    if (!isSplit) return;
    const rest = bytes.subarray(chunkBytes);
    this.#queue.unshift({ what: rest, dueMs: 0 });
    this.#waitingBytes += rest.length;
    // A turn later, so that the system sends each piece by itself.
    this.#isBetweenPieces = true;
    setImmediate(() => {
      this.#isBetweenPieces = false;
      this.#pump();
    });
  }

  #finish(ending: Ending): void {
    if (this.faults.isSwallowing) this.#hasHole = true;
    else if (ending === 'end') this.to.end();
    else this.to.resetAndDestroy();
  }

  #regulate(): void {
    if (this.#isOver) return;
    if (this.faults.isFrozen || this.#waitingBytes >= MOST_WAITING_BYTES) this.from.pause();
    else this.from.resume();
  }
}

function sizeOf(what: Buffer | Ending): number {
  return typeof what === 'string' ? 0 : what.length;
}
