import { HttpException, HttpStatus } from '@nestjs/common';
import { RpcException } from '@nestjs/microservices';

import { NestwireError } from '#protocol';

/** What a caller is told instead of `data`. */
export interface ReplyError {
  /** Upper snake case, for programs. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/** The worker's own answers. Applications do not throw these. */
export const REPLY_ERRORS = {
  unknownEvent: { code: 'UNKNOWN_EVENT', message: 'No handler takes this event' },
  badEnvelope: {
    code: 'BAD_ENVELOPE',
    message: 'A message is {"event": string, "data": any, "id": string or number}',
  },
  timeout: { code: 'TIMEOUT', message: 'The handler took too long' },
  internal: { code: 'INTERNAL', message: 'Internal error' },
} as const satisfies Record<string, ReplyError>;

/** Errors that are meant for the caller; everything else is a fault of ours, to be logged and told in general terms. */
export function isMeantForCaller(error: unknown): boolean {
  return error instanceof HttpException || error instanceof RpcException;
}

export function replyErrorOf(error: unknown): ReplyError {
  if (error instanceof HttpException) return fromHttp(error);
  if (error instanceof RpcException) return replyErrorIn(error.getError()) ?? fromRpcText(error);
  // The code tells programs what happened; the text may name addresses inside the cluster.
  if (error instanceof NestwireError) return { code: error.code, message: REPLY_ERRORS.internal.message };
  return REPLY_ERRORS.internal;
}

/**
 * A value that says what went wrong: `{ code, message }`, or `{ status, message }` as Nest's RPC filters have it.
 * Undefined when it does not look like that.
 */
export function replyErrorIn(value: unknown): ReplyError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, status, message } = value as Record<string, unknown>;
  const word = code ?? status;
  if (typeof message !== 'string' || (typeof word !== 'string' && typeof word !== 'number')) return undefined;
  return { code: String(word), message };
}

function fromHttp(error: HttpException): ReplyError {
  const status = error.getStatus();
  const word = HttpStatus[status] ?? `HTTP_${status}`;
  const body: unknown = error.getResponse();
  // Nest keeps the message of an Error given as the body from HTTP callers, too.
  if (body instanceof Error) return { code: error.errorCode ?? word, message: titleOf(word) };
  const detail = typeof body === 'object' && body !== null ? (body as { message?: unknown }).message : body;
  return { code: error.errorCode ?? word, message: textOf(detail) ?? error.message };
}

function fromRpcText(error: RpcException): ReplyError {
  return { code: 'ERROR', message: error.message };
}

/** ValidationPipe says it with a list, or with an object of lists. */
function textOf(detail: unknown): string | undefined {
  if (typeof detail === 'string') return detail;
  if (typeof detail !== 'object' || detail === null) return undefined;
  const texts = Object.values(detail)
    .flat()
    .filter((text): text is string => typeof text === 'string');
  return texts.length === 0 ? undefined : texts.join('; ');
}

/** `NOT_FOUND` as `Not found`. */
function titleOf(word: string): string {
  const text = word.toLowerCase().replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
