import { NestwireError } from '#protocol';

/** The worker under test calls a command that its gateway does not have. */
export class UnknownCommandError extends NestwireError {
  override readonly name = 'UnknownCommandError';
  readonly code = 'ERR_NESTWIRE_TEST_UNKNOWN_COMMAND';
  constructor(readonly command: number) {
    super(`Nobody executes command ${command}. Give it to createTestWorker in "commands".`);
  }
}

/** A test client was used after its connection was over. */
export class TestClientClosedError extends NestwireError {
  override readonly name = 'TestClientClosedError';
  readonly code = 'ERR_NESTWIRE_TEST_CLIENT_CLOSED';
  constructor(
    readonly closeCode: number | undefined,
    readonly reason: string,
  ) {
    const how = closeCode === undefined ? '' : ` with ${closeCode} ${JSON.stringify(reason)}`;
    super(`The client is closed${how}. Look at "client.closed" before it is used on.`);
  }
}

/** No message came in time. */
export class NoMessageError extends NestwireError {
  override readonly name = 'NoMessageError';
  readonly code = 'ERR_NESTWIRE_TEST_NO_MESSAGE';
  constructor(
    readonly timeoutMs: number,
    readonly received: number,
    isOver: boolean,
  ) {
    super(
      isOver
        ? `No message comes any more: the client is closed, and all ${received} that came are taken.`
        : `No message came in ${timeoutMs} ms, and all ${received} that came before are taken. ` +
            'Raise "timeoutMs" where a handler answers late.',
    );
  }
}

/** A question of a test client was answered with an error. */
export class TestReplyError extends NestwireError {
  override readonly name = 'TestReplyError';
  readonly code = 'ERR_NESTWIRE_TEST_REPLY';
  constructor(
    readonly event: string,
    /** As the client got it: `FORBIDDEN`, `BAD_REQUEST` … */
    readonly replyCode: string,
    readonly replyMessage: string,
  ) {
    super(`"${event}" was answered with ${replyCode}: ${replyMessage}`);
  }
}

/** A question of a test client was handled, and got no answer. */
export class NoReplyError extends NestwireError {
  override readonly name = 'NoReplyError';
  readonly code = 'ERR_NESTWIRE_TEST_NO_REPLY';
  constructor(readonly event: string) {
    super(
      `"${event}" was handled and not answered: the client was closed, or the answer is larger than "maxMessageBytes".`,
    );
  }
}

/** The module under test holds no worker, or its worker is not running. */
export class NoWorkerError extends NestwireError {
  override readonly name = 'NoWorkerError';
  readonly code = 'ERR_NESTWIRE_TEST_NO_WORKER';
}
