import { HeldCallsOverflowError } from './errors.js';
import { Fifo } from './fifo.js';

/** A call that waits for its turn. */
export interface HeldCall {
  /** What it keeps in memory. */
  readonly bytes: number;
  /** May run while the sends to a uid before it are still being looked up, because it is one itself. */
  readonly joinsBarrier?: boolean;
  run(): void;
  /** It will never run. */
  drop(reason: Error): void;
}

/** What a call costs besides its bytes: also calls without any must not add up without bound. */
const CALL_BYTES = 200;

/** Calls in the order in which they were made, bounded in bytes. */
export class HeldCalls {
  readonly #calls = new Fifo<HeldCall>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Keeps the call, or drops it when that would be too much. */
  hold(call: HeldCall): void {
    const bytes = call.bytes + CALL_BYTES;
    if (this.#bytes + bytes > this.#maxBytes) {
      call.drop(new HeldCallsOverflowError(this.#maxBytes));
      return;
    }
    this.#bytes += bytes;
    this.#calls.push(call);
  }

  peek(): HeldCall | undefined {
    return this.#calls.peek();
  }

  shift(): HeldCall | undefined {
    const call = this.#calls.shift();
    if (call !== undefined) this.#bytes -= call.bytes + CALL_BYTES;
    return call;
  }

  dropAll(reason: Error): void {
    for (let call = this.shift(); call !== undefined; call = this.shift()) call.drop(reason);
  }
}
