import { NestwireError } from '#protocol';

/** How a process ended: by itself with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}

/** A process ended before it said that it is ready. */
export class ProcessStartError extends NestwireError {
  override readonly name = 'ProcessStartError';
  readonly code = 'ERR_NESTWIRE_PROCESS_START';
  constructor(
    readonly label: string,
    readonly exit: Exit,
    cause?: Error,
  ) {
    super(
      `${label} ${cause === undefined ? describeExit(exit) : `could not be started: ${cause.message};`} before it was ready. ` +
        'What it wrote last says why.',
      { cause },
    );
  }
}

/** A process lives, and does not say that it is ready. */
export class ProcessNotReadyError extends NestwireError {
  override readonly name = 'ProcessNotReadyError';
  readonly code = 'ERR_NESTWIRE_PROCESS_NOT_READY';
  constructor(
    readonly label: string,
    readonly timeoutMs: number,
  ) {
    super(
      `${label} did not become ready in ${timeoutMs} ms and is ended. Look for what it waits for at its start, or raise ` +
        '"readyTimeoutMs". A process says that it is ready with SupervisedProcess.ready().',
    );
  }
}

/** A process could not be replaced, and a reload stops there; `cause` is what kept the new process from running. */
export class ReloadError extends NestwireError {
  override readonly name = 'ReloadError';
  readonly code = 'ERR_NESTWIRE_RELOAD';
  constructor(
    readonly label: string,
    cause: Error,
  ) {
    super(
      `${label} could not be replaced: ${cause.message} Processes that were not replaced go on as they are; ` +
        'put right what keeps a new one from starting, and reload again.',
      { cause },
    );
  }
}

/** The supervisor was closed, and starts or reloads nothing any more. */
export class SupervisorClosedError extends NestwireError {
  override readonly name = 'SupervisorClosedError';
  readonly code = 'ERR_NESTWIRE_SUPERVISOR_CLOSED';
  constructor() {
    super('The supervisor is closed. A new one can be made.');
  }
}

/** A supervisor was made in a process that is itself a child of node:cluster, which cannot fork. */
export class NotPrimaryError extends NestwireError {
  override readonly name = 'NotPrimaryError';
  readonly code = 'ERR_NESTWIRE_NOT_PRIMARY';
  constructor() {
    super(
      'This process is itself a child of node:cluster, and only the first one can have several processes. ' +
        'Let one of the two do it: leave the number of processes at 1, or start it without the other (pm2: in fork mode).',
    );
  }
}
