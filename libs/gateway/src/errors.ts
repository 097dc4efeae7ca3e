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
