import type { CanActivate, ExceptionFilter, NestInterceptor, PipeTransform, Type } from '@nestjs/common';
import type { ContextId, ExternalContextCreator } from '@nestjs/core';
import { STATIC_CONTEXT, type InterceptorsConsumer } from '@nestjs/core/internal';

/** A handler method on one instance, and where Nest keeps what is bound to it. */
export interface HandlerSite {
  readonly instance: object;
  readonly callback: (...args: unknown[]) => unknown;
  readonly method: string;
  /** Key of the module that provides the class: there its enhancers are instantiated. */
  readonly moduleKey: string;
  /** Transient enhancers are created per user: this is the user. */
  readonly inquirerId: string;
  /** Which request's instances to take; undefined for a class whose dependencies live as long as the application. */
  readonly contextId?: ContextId;
}

export interface FilterEntry {
  readonly func: ExceptionFilter['catch'];
  readonly exceptionMetatypes: Type<unknown>[];
}

/** Everything that is bound to a handler: global first, then the class's, then the method's; of filters the reverse. */
export interface BoundEnhancers {
  readonly guards: readonly CanActivate[];
  readonly interceptors: NestInterceptor[];
  readonly pipes: readonly PipeTransform[];
  readonly filters: FilterEntry[];
}

interface ContextCreator {
  create(
    instance: object,
    callback: HandlerSite['callback'],
    moduleKey: string,
    contextId: ContextId,
    inquirerId: string,
  ): unknown;
}

/**
 * Asks the creators inside Nest's ExternalContextCreator for the enhancers of a handler, once instead of through a
 * wrapper that awaits six times a message. They are private there: `of` returns undefined when a Nest release has
 * moved them, and the caller takes the public, slower way.
 */
export class NestEnhancers {
  readonly #guards: ContextCreator;
  readonly #interceptors: ContextCreator;
  readonly #pipes: ContextCreator;
  readonly #filters: ContextCreator;

  private constructor(
    creators: readonly [ContextCreator, ContextCreator, ContextCreator, ContextCreator],
    readonly interceptorsConsumer: Pick<InterceptorsConsumer, 'intercept'>,
  ) {
    [this.#guards, this.#interceptors, this.#pipes, this.#filters] = creators;
  }

  static of(external: ExternalContextCreator): NestEnhancers | undefined {
    const part = (name: string): unknown => Reflect.get(external, name);
    const guards = part('guardsContextCreator');
    const interceptors = part('interceptorsContextCreator');
    const pipes = part('pipesContextCreator');
    const filters = part('filtersContextCreator');
    const consumer = part('interceptorsConsumer');
    if (!isCreator(guards) || !isCreator(interceptors) || !isCreator(pipes) || !isCreator(filters))
      return undefined;
    return isConsumer(consumer)
      ? new NestEnhancers([guards, interceptors, pipes, filters], consumer)
      : undefined;
  }

  /** Undefined when they have not the form that is expected here. */
  boundTo(site: HandlerSite): BoundEnhancers | undefined {
    const { instance, callback, moduleKey, contextId = STATIC_CONTEXT, inquirerId } = site;
    const create = (creator: ContextCreator): unknown =>
      creator.create(instance, callback, moduleKey, contextId, inquirerId);
    const guards = create(this.#guards);
    const interceptors = create(this.#interceptors);
    const pipes = create(this.#pipes);
    const filters: unknown = Reflect.get(Object(create(this.#filters)), 'filters');
    if (!isListOf<CanActivate>(guards, 'canActivate') || !isListOf<PipeTransform>(pipes, 'transform'))
      return undefined;
    if (!isListOf<NestInterceptor>(interceptors, 'intercept')) return undefined;
    return isListOf<FilterEntry>(filters, 'func') ? { guards, interceptors, pipes, filters } : undefined;
  }
}

function isCreator(value: unknown): value is ContextCreator {
  return hasMethod(value, 'create');
}

function isConsumer(value: unknown): value is Pick<InterceptorsConsumer, 'intercept'> {
  return hasMethod(value, 'intercept');
}

function isListOf<Item>(value: unknown, method: string): value is Item[] {
  return Array.isArray(value) && value.every((item) => hasMethod(item, method));
}

function hasMethod(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function';
}
