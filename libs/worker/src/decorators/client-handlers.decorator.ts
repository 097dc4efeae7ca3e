import { ENTRY_PROVIDER_WATERMARK } from '@nestjs/common/internal';

import { resolveOptions, wholeNumber, type OptionChecks } from '#protocol';

import { announceClass, CLIENT_HANDLERS } from './handler-metadata.js';

export interface ClientHandlersOptions {
  /**
   * Most handlers of this class that may run for one client at once. With 1 a client's events are handled one after
   * another, in the order in which they came; with more they start in that order and may overtake each other.
   * `@OnConnect` runs before, and `@OnClose` after everything else in any case.
   * @default 1
   */
  readonly concurrency: number;
}

export const DEFAULT_CLIENT_HANDLERS_OPTIONS: ClientHandlersOptions = { concurrency: 1 };

const CHECKS: OptionChecks<ClientHandlersOptions> = { concurrency: wholeNumber(1) };

/**
 * Marks a provider as a class of handlers: its methods with `@OnConnect()`, `@OnMessage()`, `@OnClose()`,
 * `@OnWorkerStart()`, `@OnWorkerStop()` and `@OnGatewayLost()` are called by the worker.
 * @throws InvalidOptionError for an unknown option, and for a concurrency below 1
 */
export function ClientHandlers(options: Partial<ClientHandlersOptions> = {}): ClassDecorator {
  const resolved = resolveOptions('ClientHandlers', DEFAULT_CLIENT_HANDLERS_OPTIONS, options, CHECKS);
  return (target) => {
    Reflect.defineMetadata(CLIENT_HANDLERS, resolved, target);
    // Makes Nest give request-scoped global enhancers to this class, as it does to controllers.
    Reflect.defineMetadata(ENTRY_PROVIDER_WATERMARK, true, target);
    announceClass(target);
  };
}

/** Undefined for a class that is not marked. */
export function clientHandlersOptionsOf(handlerClass: object): ClientHandlersOptions | undefined {
  return Reflect.getMetadata(CLIENT_HANDLERS, handlerClass) as ClientHandlersOptions | undefined;
}
