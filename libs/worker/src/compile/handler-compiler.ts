import type { Type } from '@nestjs/common';
import { ForbiddenException } from '@nestjs/common';
import type { ContextId, ExternalContextCreator } from '@nestjs/core';
import { FORBIDDEN_MESSAGE, type InstanceWrapper } from '@nestjs/core/internal';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';

import type { ClientEventContext } from '../context/client-event-context.js';
import { directCall, type HandlerCall } from './direct-call.js';
import { HandlerFailure } from './handler-failure.js';
import { paramsFactory, paramsOf } from './handler-params.js';
import { NestEnhancers, type HandlerSite } from './nest-enhancers.js';
import { HandlerPipeline } from './pipeline.js';
import type { RequestScope } from './request-scope.js';

/** How a handler is called, and what the dispatcher must know of it. */
export interface HandlerCode {
  readonly call: HandlerCall;
  /** Something decides whether it runs at all. */
  readonly isGuarded: boolean;
  /** Something may hold on to the context after the call: the bytes behind it must be its own. */
  readonly holdsContext: boolean;
}

/**
 * Makes calls out of handler methods, in three tiers: nothing wraps the method, and it is called directly; guards, pipes
 * and filters, and a pipeline runs that makes no promise of its own; interceptors or request-scoped dependencies,
 * which cost what they cost in Nest. Everything that is bound counts, global enhancers too, so compile when the
 * application has all of them: at listen().
 */
export class HandlerCompiler {
  readonly #external: ExternalContextCreator;
  readonly #requestScope: RequestScope;
  readonly #enhancers: NestEnhancers | undefined;

  constructor(external: ExternalContextCreator, requestScope: RequestScope) {
    this.#external = external;
    this.#requestScope = requestScope;
    this.#enhancers = NestEnhancers.of(external);
  }

  /** False when this Nest release keeps its enhancers elsewhere: then all handlers go the public, slower way. */
  get isAccelerated(): boolean {
    return this.#enhancers !== undefined;
  }

  compile(wrapper: InstanceWrapper, method: string): HandlerCode {
    if (wrapper.isDependencyTreeStatic())
      return this.#compileSite(siteOf(wrapper, wrapper.instance as object, method));
    return { call: this.#perRequest(wrapper, method), isGuarded: true, holdsContext: true };
  }

  #perRequest(wrapper: InstanceWrapper, method: string): HandlerCall {
    return async (data, context) => {
      let code: HandlerCode;
      try {
        const contextId = this.#requestScope.contextIdOf(context, wrapper);
        const instance = await this.#requestScope.instanceOf(wrapper, contextId);
        code = this.#compileSite(siteOf(wrapper, instance, method, contextId));
      } catch (error) {
        // A guard may be among what could not be made: who was not let in stays outside.
        return new HandlerFailure(error, true);
      }
      return code.call(data, context);
    };
  }

  #compileSite(site: HandlerSite): HandlerCode {
    const bound = this.#enhancers?.boundTo(site);
    if (this.#enhancers === undefined || bound === undefined) return this.#compileByNest(site);
    const params = paramsOf(this.#external, site, bound.pipes);
    const { guards, interceptors, pipes, filters } = bound;
    const isBare =
      [guards, interceptors, pipes, filters].every((list) => list.length === 0) &&
      params.every((param) => param.pipes.length === 0 && param.source !== 'custom');
    if (isBare) {
      const holdsContext = params.some(({ source }) => source === 'context');
      return { call: directCall(site, params), isGuarded: false, holdsContext };
    }
    const pipeline = new HandlerPipeline(site, bound, params, this.#enhancers.interceptorsConsumer);
    return { call: pipeline.run, isGuarded: guards.length > 0, holdsContext: true };
  }

  /** The public way, for a Nest release whose inner parts are not where we know them. */
  #compileByNest(site: HandlerSite): HandlerCode {
    const proxy = this.#external.create(
      site.instance,
      site.callback,
      site.method,
      PARAM_ARGS_METADATA,
      paramsFactory,
      site.contextId,
      site.inquirerId,
      { guards: true, interceptors: true, filters: true },
      'rpc',
    ) as (data: unknown, context: ClientEventContext) => Promise<unknown>;
    const call: HandlerCall = (data, context) =>
      proxy(data, context).catch((error: unknown) => new HandlerFailure(error, isDenial(error)));
    return { call, isGuarded: true, holdsContext: true };
  }
}

function siteOf(
  wrapper: InstanceWrapper,
  instance: object,
  method: string,
  contextId?: ContextId,
): HandlerSite {
  const site = {
    instance,
    callback: (wrapper.metatype as Type<Record<string, HandlerSite['callback']>>).prototype[method]!,
    method,
    moduleKey: wrapper.host?.token ?? '',
    inquirerId: wrapper.id,
  };
  return contextId === undefined ? site : { ...site, contextId };
}

function isDenial(error: unknown): boolean {
  return error instanceof ForbiddenException && error.message === FORBIDDEN_MESSAGE;
}
