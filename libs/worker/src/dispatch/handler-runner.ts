import { HandlerFailure } from '../compile/handler-failure.js';
import { isPending, settle } from '../compile/pending.js';
import { Deadlines } from './deadlines.js';
import type { EventOutcomes } from './event-outcomes.js';
import type { EventRun } from './event-run.js';
import type { Handler } from './handler-table.js';

/** A handler that did not return at once. */
class Wait {
  /** Its end has been dealt with: it settled, or its time is up. */
  isOver = false;

  constructor(
    readonly run: EventRun,
    readonly handler: Handler,
  ) {}
}

/** Takes events through their handlers, without a promise or a timer as long as these return at once. */
export class HandlerRunner {
  readonly #outcomes: EventOutcomes;
  readonly #finished: (run: EventRun) => void;
  readonly #deadlines: Deadlines<Wait>;
  #isStopped = false;

  /** @param finished called for each run that `advance` did not finish */
  constructor(outcomes: EventOutcomes, handlerTimeoutMs: number, finished: (run: EventRun) => void) {
    this.#outcomes = outcomes;
    this.#finished = finished;
    this.#deadlines = new Deadlines(handlerTimeoutMs, (wait) => this.#timedOut(wait));
  }

  /** Runs handlers up to one that has to be waited for; true when none is left. */
  advance(run: EventRun): boolean {
    const { handlers } = run.plan;
    while (run.position < handlers.length) {
      const handler = handlers[run.position++]!;
      const result = call(handler, run);
      if (isPending(result)) {
        this.#await(new Wait(run, handler), result);
        return false;
      }
      this.#outcomes.ended(run, handler, result);
    }
    return true;
  }

  /** What still runs is left alone: nothing follows from it any more. */
  stop(): void {
    this.#isStopped = true;
    this.#deadlines.stop();
  }

  #await(wait: Wait, result: unknown): void {
    this.#deadlines.begin(wait);
    this.#follow(wait, result);
  }

  #follow(wait: Wait, result: unknown): void {
    // A promise of the usual kind is not wrapped in another one: that is half of what waiting costs.
    const promise = isUsual(result) ? result : settle(result);
    promise.then(
      (value) => (isPending(value) ? this.#follow(wait, value) : this.#settled(wait, value)),
      (error: unknown) => this.#settled(wait, new HandlerFailure(error, false)),
    );
  }

  #settled(wait: Wait, result: unknown): void {
    if (wait.isOver) return this.#outcomes.endedLate(wait.run, wait.handler, result);
    this.#deadlines.end(wait);
    wait.isOver = true;
    if (this.#isStopped) return;
    this.#outcomes.ended(wait.run, wait.handler, result);
    this.#goOn(wait);
  }

  #timedOut(wait: Wait): void {
    wait.isOver = true;
    if (this.#isStopped) return;
    this.#outcomes.timedOut(wait.run, wait.handler);
    this.#goOn(wait);
  }

  #goOn({ run }: Wait): void {
    if (this.advance(run)) this.#finished(run);
  }
}

/** Not one whose `then` could throw, or call back twice. */
function isUsual(value: unknown): value is Promise<unknown> {
  return value instanceof Promise && value.then === Promise.prototype.then;
}

function call(handler: Handler, { context }: EventRun): unknown {
  try {
    return handler.call(handler.answers ? context.envelope?.data : context.message, context);
  } catch (error) {
    return new HandlerFailure(error, false);
  }
}
