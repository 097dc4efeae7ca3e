import {
  Catch,
  createParamDecorator,
  Inject,
  Injectable,
  Scope,
  type ArgumentMetadata,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { map, tap, type Observable } from 'rxjs';

import { Client, ClientContext, ClientHandlers, Payload } from '../index.js';
import type { ClientEventContext, HandlerDecorator } from '../index.js';

/** Injected into everything below, so that nothing runs that Nest did not make; and written by it. */
@Injectable()
export class Journal {
  readonly lines: string[] = [];
  isDenying = false;
  isFailing = false;

  note(...parts: unknown[]): void {
    this.lines.push(parts.map(String).join(' '));
  }
}

export class Failure extends Error {}

function eventOf(host: ArgumentsHost): ClientEventContext {
  if (host.getType<string>() !== 'rpc') throw new Error(`context type is ${host.getType()}`);
  return host.switchToRpc().getContext<ClientEventContext>();
}

@Injectable()
export class JournalGuard implements CanActivate {
  constructor(private readonly journal: Journal) {}

  canActivate(host: ExecutionContext): boolean {
    this.journal.note('guard', eventOf(host).type, host.switchToRpc().getData());
    return !this.journal.isDenying;
  }
}

@Injectable()
export class JournalPipe implements PipeTransform {
  constructor(private readonly journal: Journal) {}

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type !== 'body') return value;
    this.journal.note('pipe', value);
    return `piped ${String(value)}`;
  }
}

/** Changes what custom decorators give, and nothing else. */
@Injectable()
export class ProbePipe implements PipeTransform {
  constructor(private readonly journal: Journal) {}

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type !== 'custom' || metadata.data !== 'probe') return value;
    this.journal.note('pipe', value);
    return `piped ${String(value)}`;
  }
}

@Injectable()
export class JournalInterceptor implements NestInterceptor {
  constructor(private readonly journal: Journal) {}

  intercept(host: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.journal.note('before', eventOf(host).type);
    return next.handle().pipe(
      tap(() => this.journal.note('after')),
      map((value) => `intercepted ${String(value)}`),
    );
  }
}

@Catch(Failure)
export class JournalFilter implements ExceptionFilter<Failure> {
  constructor(private readonly journal: Journal) {}

  catch(error: Failure, host: ArgumentsHost): unknown {
    this.journal.note('filter', eventOf(host).type, error.message);
    return { code: 'FILTERED', message: error.message };
  }
}

let requestGuards = 0;

@Injectable({ scope: Scope.REQUEST })
export class RequestGuard implements CanActivate {
  readonly #number = ++requestGuards;

  constructor(
    private readonly journal: Journal,
    @Inject(REQUEST) private readonly request: ClientEventContext,
  ) {}

  canActivate(host: ExecutionContext): boolean {
    this.journal.note('request', this.request === eventOf(host), this.request.type, this.#number);
    return !this.journal.isDenying;
  }
}

/** A custom decorator whose value comes later. */
export const Probe = createParamDecorator(async (key: string, host: ExecutionContext) => {
  await Promise.resolve();
  return `${key} ${eventOf(host).type} ${host.getHandler().name}`;
});

/** A class with one handler, and something bound to the method or the class. */
export function handlersWith(
  kind: HandlerDecorator,
  onMethod: MethodDecorator,
  onClass: ClassDecorator,
): new (journal: Journal) => object {
  @ClientHandlers()
  @onClass
  class MatrixHandlers {
    constructor(private readonly journal: Journal) {}

    @kind
    @onMethod
    handle(
      @Payload() payload: unknown,
      @Probe('probe') probe: string,
      @Client() client: ClientContext,
    ): string {
      this.journal.note('handler', payload, '/', probe, '/', client instanceof ClientContext);
      if (this.journal.isFailing) throw new Failure('as asked');
      return 'result';
    }
  }
  return MatrixHandlers;
}
