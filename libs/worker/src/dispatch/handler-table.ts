import type { HandlerCode } from '../compile/handler-compiler.js';

/** A handler as the dispatcher runs it. */
export interface Handler extends HandlerCode {
  /** Class and method, for messages: `ChatHandlers.say`. */
  readonly name: string;
  /** It takes the `data` of an envelope, and what it returns or throws is the answer. */
  readonly answers: boolean;
  /** That of its class. */
  readonly concurrency: number;
}

/** What runs for one kind of event, one after another. */
export interface HandlerPlan {
  readonly handlers: readonly Handler[];
  /** Most events with such a plan that one client may have running at once. */
  readonly concurrency: number;
  /** Whether the context may be read after the call that handed the event over, even if all handlers return at once. */
  readonly outlivesCall: boolean;
}

/** A hook of the worker itself: no event, no client, no enhancers. */
export interface WorkerHook<Args extends readonly unknown[] = readonly []> {
  readonly name: string;
  readonly call: (...args: Args) => unknown;
}

export interface HandlerTable {
  readonly connect: HandlerPlan;
  /** For messages that are no envelope, or when no handler names an event. */
  readonly raw: HandlerPlan;
  /** By event name: the raw handlers, then the one of the event. */
  readonly events: ReadonlyMap<string, HandlerPlan>;
  readonly close: HandlerPlan;
  readonly workerStart: readonly WorkerHook[];
  readonly workerStop: readonly WorkerHook[];
  /** Called with the gateway's id. */
  readonly gatewayLost: readonly WorkerHook<readonly [string]>[];
}

export function planOf(handlers: readonly Handler[]): HandlerPlan {
  return {
    handlers,
    concurrency: Math.min(Number.POSITIVE_INFINITY, ...handlers.map(({ concurrency }) => concurrency)),
    // A single handler that was given values instead of the context has read them before it returns.
    outlivesCall: handlers.length > 1 || handlers.some(({ holdsContext }) => holdsContext),
  };
}
