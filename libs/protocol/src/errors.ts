/** A code that never changes between releases, so that callers can match on it. */
export type NestwireErrorCode = `ERR_NESTWIRE_${string}`;

/** Base of every error this package throws. Match on `code`, not on the message. */
export abstract class NestwireError extends Error {
  abstract readonly code: NestwireErrorCode;
}

/** What a line of a log says beside its text of the error behind it: the code when it is one of ours, nothing otherwise. */
export function codeFact(error: unknown): { readonly code?: NestwireErrorCode } {
  return error instanceof NestwireError ? { code: error.code } : {};
}

/**
 * Bytes that are not what the protocol says, from a socket or from storage. The link they came on
 * cannot be trusted any further and is closed by whoever owns it.
 */
export class ProtocolError extends NestwireError {
  override readonly name = 'ProtocolError';
  constructor(
    readonly code:
      | 'ERR_NESTWIRE_FRAME_LENGTH'
      | 'ERR_NESTWIRE_FRAME_CHECKSUM'
      | 'ERR_NESTWIRE_TRUNCATED'
      | 'ERR_NESTWIRE_TRAILING_BYTES'
      | 'ERR_NESTWIRE_MALFORMED'
      | 'ERR_NESTWIRE_UNKNOWN_CODE'
      | 'ERR_NESTWIRE_SERIALIZATION',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** An argument that no peer could be told: a name that is too long, a client id that is none. Nothing was sent. */
export class InvalidArgumentError extends NestwireError {
  override readonly name = 'InvalidArgumentError';
  readonly code = 'ERR_NESTWIRE_INVALID_ARGUMENT';
  constructor(
    readonly argument: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`"${argument}" ${problem}`, options);
  }
}

/** An option that is unknown, of the wrong kind, or contradicts another one. The node does not start. */
export class InvalidOptionError extends NestwireError {
  override readonly name = 'InvalidOptionError';
  readonly code = 'ERR_NESTWIRE_INVALID_OPTION';
  constructor(
    readonly option: string,
    problem: string,
  ) {
    super(`Option "${option}" ${problem}`);
  }
}
