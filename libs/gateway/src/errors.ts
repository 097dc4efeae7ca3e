import { NestwireError } from '#protocol';

/** A caller asked what this gateway cannot answer. Its link is closed: silence would shift all later replies. */
export class UnanswerableError extends NestwireError {
  override readonly name = 'UnanswerableError';
  readonly code = 'ERR_NESTWIRE_UNANSWERABLE';
  constructor(
    readonly commandCode: number,
    problem: string,
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
