import { Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, ExternalContextCreator, MetadataScanner, ModuleRef } from '@nestjs/core';

import { HandlerCompiler } from '../compile/handler-compiler.js';
import { RequestScope } from '../compile/request-scope.js';
import { decoratorName, takeUnclaimedClasses } from '../decorators/handler-metadata.js';
import {
  planOf,
  type Handler,
  type HandlerPlan,
  type HandlerTable,
  type WorkerHook,
} from '../dispatch/handler-table.js';
import { InvalidHandlerError } from '../errors.js';
import { findHandlers, type FoundHandler } from './handler-classes.js';

/** Finds the handlers of the application and compiles them. */
@Injectable()
export class HandlerExplorer {
  readonly #logger = new Logger('Worker');
  readonly #discovery: DiscoveryService;
  readonly #scanner: MetadataScanner;
  readonly #compiler: HandlerCompiler;

  constructor(
    discovery: DiscoveryService,
    scanner: MetadataScanner,
    external: ExternalContextCreator,
    moduleRef: ModuleRef,
  ) {
    this.#discovery = discovery;
    this.#scanner = scanner;
    this.#compiler = new HandlerCompiler(external, new RequestScope(moduleRef));
  }

  /**
   * To be called when the application has all its global enhancers: at listen().
   * @throws InvalidHandlerError when a handler could never run, or two want the same event
   */
  explore(): HandlerTable {
    const found = findHandlers(this.#discovery, this.#scanner);
    this.#reportForgotten();
    if (!this.#compiler.isAccelerated) {
      this.#logger.warn(
        'This release of @nestjs/core is not known: handlers work, at several times the cost',
      );
    }
    const ofKind = (kind: FoundHandler['definition']['kind']): FoundHandler[] =>
      found.filter(({ definition }) => definition.kind === kind);
    const compiled = (kind: FoundHandler['definition']['kind']): Handler[] =>
      ofKind(kind).map((handler) => this.#compile(handler));
    const raw = compiled('raw');
    return {
      connect: planOf(compiled('connect')),
      raw: planOf(raw),
      events: this.#events(raw, found),
      close: planOf(compiled('close')),
      workerStart: ofKind('workerStart').map(hookOf),
      workerStop: ofKind('workerStop').map(hookOf),
      gatewayLost: ofKind('gatewayLost').map(hookOf),
    };
  }

  #events(raw: readonly Handler[], found: readonly FoundHandler[]): Map<string, HandlerPlan> {
    const byEvent = new Map<string, FoundHandler>();
    for (const handler of found) {
      if (handler.definition.kind !== 'event') continue;
      const { event } = handler.definition;
      const other = byEvent.get(event);
      if (other !== undefined) {
        throw new InvalidHandlerError(
          `${other.name} and ${handler.name}`,
          `both have ${decoratorName(handler.definition)}, and a message can have one answer only. Rename one of the events.`,
        );
      }
      byEvent.set(event, handler);
    }
    return new Map([...byEvent].map(([event, handler]) => [event, planOf([...raw, this.#compile(handler)])]));
  }

  #compile({ wrapper, method, name, definition, concurrency }: FoundHandler): Handler {
    return {
      ...this.#compiler.compile(wrapper, method),
      name,
      answers: definition.kind === 'event',
      concurrency,
    };
  }

  #reportForgotten(): void {
    for (const handlerClass of takeUnclaimedClasses()) {
      const { name } = handlerClass as { name: string };
      this.#logger.warn(
        `${name} has @ClientHandlers() and is no provider of this application: its handlers never run. ` +
          'List it in the `providers` of a module.',
      );
    }
  }
}

function hookOf({ wrapper, method, name, definition }: FoundHandler): WorkerHook<readonly unknown[]> {
  if (!wrapper.isDependencyTreeStatic()) {
    throw new InvalidHandlerError(
      name,
      `has ${decoratorName(definition)} on a request-scoped class, and there is no request when it is called. ` +
        'Move it to a class of its own.',
    );
  }
  const instance = wrapper.instance as Record<string, (...args: readonly unknown[]) => unknown>;
  return { name, call: (...args) => instance[method]!(...args) };
}
