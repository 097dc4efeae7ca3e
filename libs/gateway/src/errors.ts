import { NestwireError, ReplyFailure } from '#protocol';

/**
 * A caller asked what this gateway cannot answer. Over the base protocol its link is closed: silence would shift all later
 * replies. A request gets `failure` for an answer.
 */
export class UnanswerableError extends NestwireError {
  override readonly name = 'UnanswerableError';
  readonly code = 'ERR_NESTWIRE_UNANSWERABLE';
  constructor(
    readonly commandCode: number,
    problem: string,
    readonly failure: string = ReplyFailure.Failed,
    cause?: unknown,
  ) {
    super(`Command ${commandCode} ${problem}`, { cause });
  }
}

/** There are as many links to this gateway as it takes: one more is closed at once. */
export class TooManyLinksError extends NestwireError {
  override readonly name = 'TooManyLinksError';
  readonly code = 'ERR_NESTWIRE_TOO_MANY_LINKS';
  constructor(readonly maxLinks: number) {
    super(
      `there are ${maxLinks} links, which is the limit. ` +
        'Look for who opens so many on the LAN port, or raise "maxLinks".',
    );
  }
}

/** A worker that was told to finish has not: its link is ended, and its clients go to others. */
export class SlowLeaveError extends NestwireError {
  override readonly name = 'SlowLeaveError';
  readonly code = 'ERR_NESTWIRE_SLOW_LEAVE';
  constructor(
    readonly peer: string,
    readonly timeoutMs: number,
  ) {
    super(
      `${peer} wanted to leave and still had events after ${timeoutMs} ms. ` +
        'Look for handlers that hang, shorten "drainTimeoutMs" of the worker, or raise "parkedAgeMs".',
    );
  }
}
