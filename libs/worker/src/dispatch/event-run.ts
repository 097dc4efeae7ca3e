import type { ClientEventContext } from '../context/client-event-context.js';
import type { HandlerPlan } from './handler-table.js';

/** One event on its way through the handlers of its plan. */
export class EventRun {
  /** Index of the handler that runs next. */
  position = 0;
  /** The client's next waiting event. */
  following: EventRun | undefined;
  /** Memory that it is counted with while it waits. */
  heldBytes = 0;

  constructor(
    readonly plan: HandlerPlan,
    readonly context: ClientEventContext,
    readonly gateway: string,
    readonly connectionId: number,
    /** What an answer repeats; undefined when none is wanted. */
    readonly requestId: string | number | undefined,
  ) {}

  /** The handlers that are left do not run. */
  skipRest(): void {
    this.position = this.plan.handlers.length;
  }
}
