import { HttpException, HttpStatus, type LoggerService } from '@nestjs/common';

import type { ClientId } from '#protocol';

import { HandlerFailure } from '../compile/handler-failure.js';
import { MalformedEventError } from '../errors.js';
import type { WorkerCounters } from '../worker-stats.js';
import type { DeniedClients } from './denied-clients.js';
import type { EventRun } from './event-run.js';
import type { Handler } from './handler-table.js';
import {
  isMeantForCaller,
  REPLY_ERRORS,
  replyErrorIn,
  replyErrorOf,
  type ReplyError,
} from './reply-error.js';
import type { ReplyPort } from './reply-port.js';
import { dataReply, errorReply } from './reply.js';

const DENYING_STATUSES: readonly number[] = [HttpStatus.UNAUTHORIZED, HttpStatus.FORBIDDEN];

/** An event that has no handler to run: what its sender is told. Not an Error: a flood of them must cost little. */
export class EventRefusal {
  constructor(readonly reply: ReplyError) {}
}

/** What follows from the way a handler ended: the answer, the counters, the log, and the end of a denied client. */
export class EventOutcomes {
  readonly #replies: ReplyPort;
  readonly #denied: DeniedClients;
  readonly #counters: WorkerCounters;
  readonly #logger: LoggerService;

  constructor(replies: ReplyPort, denied: DeniedClients, counters: WorkerCounters, logger: LoggerService) {
    this.#replies = replies;
    this.#denied = denied;
    this.#counters = counters;
    this.#logger = logger;
  }

  /** @param result what the handler returned, or how it failed */
  ended(run: EventRun, handler: Handler, result: unknown): void {
    try {
      if (result instanceof HandlerFailure) this.#failed(run, handler, result);
      else this.#succeeded(run, handler, result);
    } catch (error) {
      // A value of the application that fails when it is looked at, such as by a getter.
      this.#counters.failed++;
      this.#logger.error(
        `What ${handler.name} gave for client ${run.context.client.id} cannot be read`,
        error,
      );
      this.#answerError(run, handler, REPLY_ERRORS.internal);
    }
  }

  timedOut(run: EventRun, handler: Handler): void {
    this.#counters.timedOut++;
    this.#logger.warn(
      `${handler.name} has not settled in time for client ${run.context.client.id}: its next event is handled, and ` +
        'the result is dropped. See "handlerTimeoutMs".',
    );
    this.#answerError(run, handler, REPLY_ERRORS.timeout);
    // It may be the guard that hangs: who was not let in yet stays outside.
    if (run.context.type === 'connect' && handler.isGuarded) this.#deny(run, handler);
  }

  /** A handler that was given up has ended after all. */
  endedLate(run: EventRun, handler: Handler, result: unknown): void {
    if (!(result instanceof HandlerFailure) || result.filtered !== undefined) return;
    this.#logger.warn(
      `${handler.name} failed for client ${run.context.client.id} after its time was up`,
      result.error,
    );
  }

  #succeeded(run: EventRun, handler: Handler, value: unknown): void {
    const { requestId } = run;
    if (!handler.answers || requestId === undefined) {
      this.#counters.handled++;
      return;
    }
    let text: string;
    try {
      text = dataReply(requestId, value);
    } catch (error) {
      return this.#failed(run, handler, new HandlerFailure(error, false));
    }
    this.#counters.handled++;
    this.#send(run, text);
  }

  #failed(run: EventRun, handler: Handler, failure: HandlerFailure): void {
    const { error, filtered } = failure;
    if (error instanceof EventRefusal) return this.#answerError(run, handler, error.reply);
    if (run.context.type === 'connect' && isDenial(failure)) this.#deny(run, handler);
    if (filtered === undefined) {
      this.#counters.failed++;
      this.#report(run, handler, error);
      return this.#answerError(run, handler, replyErrorOf(error));
    }
    // A filter that returns nothing has seen to the exception, and the caller still has to know that it failed.
    const told = filtered.value === undefined ? replyErrorOf(error) : replyErrorIn(filtered.value);
    if (told === undefined) return this.#succeeded(run, handler, filtered.value);
    this.#counters.handled++;
    this.#answerError(run, handler, told);
  }

  #deny(run: EventRun, handler: Handler): void {
    if (run.interruption !== undefined) return; // whether it gets in is another worker's to say
    const { id } = run.context.client;
    this.#counters.denied++;
    this.#logger.debug?.(`${handler.name} denied client ${id}`);
    run.skipRest();
    this.#denied.add(id);
    try {
      this.#replies.closeClient(id, { denied: true });
    } catch (error) {
      this.#reportRefusal(id, error);
    }
  }

  #report(run: EventRun, handler: Handler, error: unknown): void {
    if (error instanceof MalformedEventError) return; // was logged when it was found
    const line = `${handler.name} failed for client ${run.context.client.id}`;
    if (isMeantForCaller(error)) this.#logger.debug?.(line, error);
    else this.#logger.error(line, error);
  }

  #answerError(run: EventRun, handler: Handler, error: ReplyError): void {
    if (handler.answers && run.requestId !== undefined) this.#send(run, errorReply(run.requestId, error));
  }

  #send(run: EventRun, text: string): void {
    if (run.interruption !== undefined) return; // the client gets the answer of the worker that has the event now
    const { id } = run.context.client;
    try {
      this.#replies.sendToClient(id, text);
    } catch (error) {
      this.#reportRefusal(id, error);
    }
  }

  /** A port that refuses ends neither the client's other events nor the process. */
  #reportRefusal(clientId: ClientId, error: unknown): void {
    this.#logger.error(`Client ${clientId} could not be answered`, error);
  }
}

/** A guard said no or failed, or an exception that means it was not taken care of by a filter. */
function isDenial({ error, isDenied, filtered }: HandlerFailure): boolean {
  if (isDenied) return true;
  if (filtered !== undefined || !(error instanceof HttpException)) return false;
  return DENYING_STATUSES.includes(error.getStatus());
}
