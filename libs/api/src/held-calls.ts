import { encodeRequest, type EncodedRequest, type RequestDefinition } from './definition.js';
import { HeldCallsOverflowError } from './errors.js';
import { Fifo } from './fifo.js';
import type { PendingQuestion } from './pending-question.js';

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
    this.#push(call);
  }

  /** @param ask called when its turn has come, unless its caller has gone; a question that cannot be written fails at once */
  holdQuestion<Request>(
    question: PendingQuestion<unknown>,
    definition: RequestDefinition<Request>,
    request: Request,
    ask: (waiting: EncodedRequest) => void,
  ): void {
    let waiting: EncodedRequest;
    try {
      waiting = encodeRequest(definition, request);
    } catch (error) {
      return question.fail(error instanceof Error ? error : new Error(String(error)));
    }
    this.hold({
      bytes: waiting.body.length,
      run: () => {
        if (!question.isSettled) ask(waiting);
      },
      drop: (reason) => question.fail(reason),
    });
  }

  /** Resolves when everything that is held now has run, or was dropped. */
  passed(): Promise<void> {
    // Also when no more may be held: just then what is held must not be taken for sent.
    return new Promise((resolve) => this.#push({ bytes: 0, run: resolve, drop: () => resolve() }));
  }

  peek(): HeldCall | undefined {
    return this.#calls.peek();
  }

  shift(): HeldCall | undefined {
    const call = this.#calls.shift();
    if (call !== undefined) this.#bytes -= call.bytes + CALL_BYTES;
    return call;
  }

  /** Runs the first one; what it throws is for its caller alone, and those behind it have their turn. @returns false when there is none */
  runNext(): boolean {
    const call = this.shift();
    if (call === undefined) return false;
    try {
      call.run();
    } catch (error) {
      call.drop(error instanceof Error ? error : new Error(String(error)));
    }
    return true;
  }

  dropAll(reason: Error): void {
    for (let call = this.shift(); call !== undefined; call = this.shift()) call.drop(reason);
  }

  #push(call: HeldCall): void {
    this.#bytes += call.bytes + CALL_BYTES;
    this.#calls.push(call);
  }
}
