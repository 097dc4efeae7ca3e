import { ForbiddenException, type ArgumentMetadata, type PipeTransform, type Type } from '@nestjs/common';
import { selectExceptionFilterMetadata } from '@nestjs/common/internal';
import { ExecutionContextHost, FORBIDDEN_MESSAGE, type InterceptorsConsumer } from '@nestjs/core/internal';

import type { ClientEventContext } from '../context/client-event-context.js';
import { DirectStockPipe } from '../validation/direct-stock-pipe.js';
import type { HandlerCall } from './direct-call.js';
import { HandlerFailure } from './handler-failure.js';
import type { HandlerParam } from './handler-params.js';
import type { BoundEnhancers, HandlerSite } from './nest-enhancers.js';
import { isPending, isThenable, settle } from './pending.js';

interface BoundParam {
  readonly index: number;
  readonly read: HandlerParam['read'];
  readonly metadata: ArgumentMetadata;
  readonly pipes: readonly PipeTransform[];
}

/**
 * Guards, interceptors, pipes, the method and filters, in Nest's order and with its meaning, but with nothing resolved
 * and nothing awaited a message that need not be: no promise is made unless a part of it returns one. Interceptors
 * are Nest's own consumer, which always makes some.
 *
 * Two things differ from Nest's ExternalContextCreator: a filter that returns undefined has handled the exception, and
 * the pipes of several parameters run one after another.
 */
export class HandlerPipeline {
  readonly #site: HandlerSite;
  readonly #type: Type<unknown>;
  readonly #enhancers: BoundEnhancers;
  readonly #params: readonly BoundParam[];
  readonly #interceptors: Pick<InterceptorsConsumer, 'intercept'>;

  constructor(
    site: HandlerSite,
    enhancers: BoundEnhancers,
    params: readonly HandlerParam[],
    interceptors: Pick<InterceptorsConsumer, 'intercept'>,
  ) {
    this.#site = site;
    this.#type = site.instance.constructor as Type<unknown>;
    this.#enhancers = enhancers;
    this.#params = params.map(({ pipes, ...param }) => ({
      ...param,
      pipes: [...enhancers.pipes, ...pipes].map((pipe) => DirectStockPipe.of(pipe)),
    }));
    this.#interceptors = interceptors;
  }

  /** Never throws: what goes wrong is returned as a HandlerFailure. */
  readonly run: HandlerCall = (data, context) => {
    let isAdmitted = false;
    try {
      const admission = this.#admit(data, context);
      if (admission !== undefined) return this.#runAfter(admission, data, context);
      isAdmitted = true;
      const result = this.#beyondGuards(data, context);
      return isPending(result) ? this.#settled(result, data, context) : result;
    } catch (error) {
      return this.#fail(error, !isAdmitted, data, context);
    }
  };

  async #runAfter(admission: Promise<void>, data: unknown, context: ClientEventContext): Promise<unknown> {
    let isAdmitted = false;
    try {
      await admission;
      isAdmitted = true;
      return await settle(this.#beyondGuards(data, context));
    } catch (error) {
      return this.#fail(error, !isAdmitted, data, context);
    }
  }

  /** One promise more than the result's own, and none that only waits: most of what is waited for here is a pipe's. */
  #settled(result: unknown, data: unknown, context: ClientEventContext): Promise<unknown> {
    const promise = result instanceof Promise ? (result as Promise<unknown>) : settle(result);
    return promise.then(
      (value) => (isPending(value) ? this.#settled(value, data, context) : value),
      (error: unknown) => this.#fail(error, false, data, context),
    );
  }

  /** @throws ForbiddenException, at once or later, when a guard says no. */
  #admit(data: unknown, context: ClientEventContext): Promise<void> | undefined {
    const { guards } = this.#enhancers;
    if (guards.length === 0) return undefined;
    const host = this.#host(data, context);
    for (let at = 0; at < guards.length; at++) {
      const verdict = guards[at]!.canActivate(host);
      if (isPending(verdict)) return this.#admitLater(verdict, at + 1, host);
      assertAdmitted(verdict);
    }
    return undefined;
  }

  async #admitLater(verdict: unknown, from: number, host: ExecutionContextHost): Promise<void> {
    assertAdmitted(await settle(verdict));
    for (const guard of this.#enhancers.guards.slice(from)) {
      assertAdmitted(await settle(guard.canActivate(host)));
    }
  }

  #beyondGuards(data: unknown, context: ClientEventContext): unknown {
    const { interceptors } = this.#enhancers;
    if (interceptors.length === 0) return this.#callMethod(data, context);
    const { instance, callback } = this.#site;
    const next = async (): Promise<unknown> => this.#callMethod(data, context);
    return this.#interceptors.intercept(interceptors, [data, context], instance, callback, next, 'rpc');
  }

  /** Fills in the arguments from the given parameter on, and calls; a promise as soon as one of them has to be waited for. */
  #callMethod(data: unknown, context: ClientEventContext, args: unknown[] = [], from = 0): unknown {
    const params = this.#params;
    for (let at = from; at < params.length; at++) {
      const param = params[at]!;
      const value = transform(param.read(data, context), param.pipes, 0, param.metadata);
      if (isThenable(value)) {
        return promiseOf(value).then((ready) => {
          args[param.index] = ready;
          return this.#callMethod(data, context, args, at + 1);
        });
      }
      args[param.index] = value;
    }
    const { instance, callback } = this.#site;
    return callback.apply(instance, args);
  }

  #fail(error: unknown, isDenied: boolean, data: unknown, context: ClientEventContext): unknown {
    const failure = new HandlerFailure(error, isDenied);
    const filter = selectExceptionFilterMetadata(this.#enhancers.filters, error);
    if (filter === undefined) return failure;
    try {
      const value: unknown = filter.func(error, this.#host(data, context));
      if (!isPending(value)) return new HandlerFailure(error, isDenied, { value });
      return settle(value).then(
        (late) => new HandlerFailure(error, isDenied, { value: late }),
        (replacement: unknown) => rejectedByFilter(replacement, isDenied),
      );
    } catch (replacement) {
      return new HandlerFailure(replacement, isDenied);
    }
  }

  #host(data: unknown, context: ClientEventContext): ExecutionContextHost {
    const host = new ExecutionContextHost([data, context], this.#type, this.#site.callback);
    host.setType('rpc');
    return host;
  }
}

/** RPC filters hand back the error to send as a plain object, by an Observable that fails with it. */
function rejectedByFilter(replacement: unknown, isDenied: boolean): HandlerFailure {
  return replacement instanceof Error
    ? new HandlerFailure(replacement, isDenied)
    : new HandlerFailure(replacement, isDenied, { value: replacement });
}

function assertAdmitted(verdict: unknown): void {
  if (!verdict) throw new ForbiddenException(FORBIDDEN_MESSAGE);
}

function promiseOf(value: PromiseLike<unknown>): Promise<unknown> {
  return value instanceof Promise ? (value as Promise<unknown>) : Promise.resolve(value);
}

/** Runs a value through pipes; a promise as soon as the value or one of them is one. */
function transform(
  value: unknown,
  pipes: readonly PipeTransform[],
  from: number,
  metadata: ArgumentMetadata,
): unknown {
  let current = value;
  for (let at = from; at < pipes.length; at++) {
    if (isThenable(current)) return transformLater(current, pipes, at, metadata);
    current = pipes[at]!.transform(current, metadata) as unknown;
  }
  return current;
}

async function transformLater(
  value: PromiseLike<unknown>,
  pipes: readonly PipeTransform[],
  from: number,
  metadata: ArgumentMetadata,
): Promise<unknown> {
  return transform(await value, pipes, from, metadata);
}
