import { NestwireError } from '#protocol';

/** A handler or handler class that cannot work as it is declared. The worker does not start. */
export class InvalidHandlerError extends NestwireError {
  override readonly name = 'InvalidHandlerError';
  readonly code = 'ERR_NESTWIRE_INVALID_HANDLER';
  constructor(
    /** Class and method, `ChatHandlers.say`, or the class alone. */
    readonly handler: string,
    problem: string,
  ) {
    super(`${handler} ${problem}`);
  }
}

/**
 * The session or the details of one event are not what the codec reads: another serialization on the other side,
 * as a rule. Thrown where they are asked for; handlers that do not ask do not notice.
 */
export class MalformedEventError extends NestwireError {
  override readonly name = 'MalformedEventError';
  readonly code = 'ERR_NESTWIRE_MALFORMED_EVENT';
  constructor(
    readonly clientId: string,
    readonly part: 'session' | 'upgrade request' | 'close details',
    cause: unknown,
  ) {
    super(
      `The ${part} in an event of client ${clientId} cannot be read. Do all nodes have the same "serialization"?`,
      { cause },
    );
  }
}

/** An optional package that what is used needs is not there. Thrown where that is made, at start as a rule. */
export class MissingPackageError extends NestwireError {
  override readonly name = 'MissingPackageError';
  readonly code = 'ERR_NESTWIRE_MISSING_PACKAGE';
  constructor(
    readonly packageName: string,
    /** What needs it. */
    readonly neededBy: string,
    cause: unknown,
  ) {
    super(`${neededBy} needs the package "${packageName}": npm install class-validator class-transformer`, {
      cause,
    });
  }
}

/**
 * A class of which not everything can be checked at once. To let it pass unchecked would be a hole, so SyncValidationPipe
 * refuses all values of it.
 */
export class AsyncValidatorError extends NestwireError {
  override readonly name = 'AsyncValidatorError';
  readonly code = 'ERR_NESTWIRE_ASYNC_VALIDATOR';
  constructor(
    readonly className: string,
    readonly property: string,
  ) {
    super(
      `${className}.${property} has an asynchronous validator, which SyncValidationPipe cannot wait for. ` +
        "Use Nest's ValidationPipe for this handler, or check it in the handler.",
    );
  }
}
