import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/internal';

import { clientHandlersOptionsOf } from '../decorators/client-handlers.decorator.js';
import {
  claimClass,
  decoratorName,
  definitionsOf,
  type HandlerDefinition,
} from '../decorators/handler-metadata.js';
import { InvalidHandlerError } from '../errors.js';

/** A method of a handler class, with one of its decorators. */
export interface FoundHandler {
  readonly wrapper: InstanceWrapper;
  readonly method: string;
  readonly name: string;
  readonly definition: HandlerDefinition;
  readonly concurrency: number;
}

/**
 * All handlers of an application, in the order of modules, providers and methods.
 * @throws InvalidHandlerError for a class or method that is declared so that it could never, or wrongly, run
 */
export function findHandlers(discovery: DiscoveryService, scanner: MetadataScanner): FoundHandler[] {
  for (const wrapper of discovery.getControllers()) assertNoHandlers(wrapper, scanner, 'is a controller');
  const modules = new Map<object, string>();
  return discovery.getProviders().flatMap((wrapper) => handlersOf(wrapper, scanner, modules));
}

function handlersOf(
  wrapper: InstanceWrapper,
  scanner: MetadataScanner,
  modules: Map<object, string>,
): FoundHandler[] {
  if (wrapper.isAlias) return []; // another token for a provider that is in the list itself
  const handlerClass = classOf(wrapper);
  if (handlerClass === undefined) return [];
  const options = clientHandlersOptionsOf(handlerClass);
  if (options === undefined) {
    assertNoHandlers(wrapper, scanner, 'has no @ClientHandlers() on its class');
    return [];
  }
  claimClass(handlerClass);
  assertUsable(wrapper, handlerClass, modules);
  return decoratedMethods(handlerClass, scanner).flatMap(({ method, definitions }) =>
    definitions.map((definition) => ({
      wrapper,
      method,
      name: `${handlerClass.name}.${method}`,
      definition,
      concurrency: options.concurrency,
    })),
  );
}

type HandlerClass = new (...args: never[]) => unknown;

/** The class behind a provider, also when a factory or the application made the instance. */
function classOf(wrapper: InstanceWrapper): HandlerClass | undefined {
  if (!wrapper.isNotMetatype) return wrapper.metatype as HandlerClass;
  const instance: unknown = wrapper.instance;
  if (typeof instance !== 'object' || instance === null) return undefined;
  const made: unknown = Reflect.get(instance, 'constructor');
  return typeof made === 'function' && made !== Object ? (made as HandlerClass) : undefined;
}

function assertUsable(
  wrapper: InstanceWrapper,
  handlerClass: HandlerClass,
  modules: Map<object, string>,
): void {
  const module = wrapper.host?.name ?? 'a module';
  if (wrapper.isNotMetatype) {
    // Nest looks for enhancers on classes only: a guard would be left out without a word.
    throw new InvalidHandlerError(
      handlerClass.name,
      `is provided by a value or a factory in ${module}, so its guards, pipes and filters would not run. ` +
        'Put the class itself into `providers` and inject what the factory needs.',
    );
  }
  if (wrapper.isTransient) {
    throw new InvalidHandlerError(
      handlerClass.name,
      'has Scope.TRANSIENT, which means one instance a consumer, and handlers have none. Use the default or Scope.REQUEST.',
    );
  }
  const other = modules.get(handlerClass);
  if (other !== undefined) {
    throw new InvalidHandlerError(
      handlerClass.name,
      `is a provider of ${other} and of ${module}: every event would be handled twice. Export it from one of them.`,
    );
  }
  modules.set(handlerClass, module);
}

function assertNoHandlers(wrapper: InstanceWrapper, scanner: MetadataScanner, problem: string): void {
  const found = classOf(wrapper);
  const [first] = found === undefined ? [] : decoratedMethods(found, scanner);
  if (found === undefined || first === undefined) return;
  throw new InvalidHandlerError(
    `${found.name}.${first.method}`,
    `has ${decoratorName(first.definitions[0]!)} and ${problem}: it would never run. ` +
      'Handlers are methods of a class that has @ClientHandlers() and is listed in `providers`.',
  );
}

function decoratedMethods(
  handlerClass: HandlerClass,
  scanner: MetadataScanner,
): { method: string; definitions: readonly HandlerDefinition[] }[] {
  const prototype = handlerClass.prototype as Record<string, object> | undefined;
  if (prototype === undefined) return [];
  return scanner
    .getAllMethodNames(prototype)
    .map((method) => ({ method, definitions: definitionsOf(prototype[method]!) }))
    .filter(({ definitions }) => definitions.length > 0);
}
