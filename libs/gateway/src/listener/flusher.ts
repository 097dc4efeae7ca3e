import { OutputArena } from './output-arena.js';

/** One that has something to write at the end of the turn. */
export interface Flushable {
  flush(): void;
}

/** Receivers of a broadcast that are written to in one turn: more would keep everybody else waiting for milliseconds. */
const SLICE = 64;

/**
 * Lets everything that was sent to a client during one turn of the event loop leave in one system call: that call, not the
 * bytes, is what a message costs. Messages to a single client leave in the same turn; those to many leave in slices, a slice a
 * turn, so that a broadcast to 100,000 holds up nobody's answer.
 */
export class Flusher {
  /** Where messages to single clients are framed until the flush, which is in the same turn. */
  readonly arena = new OutputArena();
  #direct: Flushable[] = [];
  #broadcast: Flushable[] = [];
  #nextInBroadcast = 0;
  #isScheduled = false;

  /** Called once a turn by each client that has something to send. It may be in both lists: the second flush finds nothing. */
  mark(client: Flushable, isBroadcast: boolean): void {
    (isBroadcast ? this.#broadcast : this.#direct).push(client);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#isScheduled = false;
    const direct = this.#direct;
    this.#direct = [];
    for (const client of direct) client.flush();
    this.arena.reset();
    this.#flushSlice();
  };

  #flushSlice(): void {
    const broadcast = this.#broadcast;
    const end = Math.min(broadcast.length, this.#nextInBroadcast + SLICE);
    while (this.#nextInBroadcast < end) broadcast[this.#nextInBroadcast++]!.flush();
    if (end < broadcast.length) return this.#schedule();
    this.#broadcast = [];
    this.#nextInBroadcast = 0;
  }
}
