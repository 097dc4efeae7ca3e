import type { EventSource } from '#api';

import type { ClientEventContext } from '../context/client-event-context.js';
import type { HandlerPlan } from './handler-table.js';
import type { Interruption } from './interruption.js';

/** One event on its way through the handlers of its plan. */
export class EventRun {
  /** Index of the handler that runs next. */
  position = 0;
  /** The client's next waiting event. */
  following: EventRun | undefined;
  /** Memory that it is counted with while it waits. */
  heldBytes = 0;
  /** Its link ended while it was running. */
  interruption: Interruption | undefined;

  constructor(
    readonly plan: HandlerPlan,
    readonly context: ClientEventContext,
    readonly source: EventSource,
    readonly sequence: number,
    readonly connectionId: number,
    /** What an answer repeats; undefined when none is wanted. */
    readonly requestId: string | number | undefined,
  ) {}

  /** It is another worker's now: what has begun goes on, and nothing follows from it here. */
  interrupt(interruption: Interruption): void {
    this.interruption = interruption;
    this.skipRest();
  }

  /** The handlers that are left do not run. */
  skipRest(): void {
    this.position = this.plan.handlers.length;
  }
}
