import {
  COMMANDS,
  NestwireError,
  ReplyFailure,
  formatAddress,
  type FailedReply,
  type NodeAddress,
} from '#protocol';

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(COMMANDS).map(([name, { code }]) => [code, name]),
);

/** There is no link to a gateway that the question was for: nothing was sent. */
export class GatewayUnavailableError extends NestwireError {
  override readonly name = 'GatewayUnavailableError';
  readonly code = 'ERR_NESTWIRE_GATEWAY_UNAVAILABLE';
  constructor(
    readonly gateway: NodeAddress,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(
      `The gateway ${formatAddress(gateway)} ${problem}. It is dialled again as long as the register lists it; ` +
        'if this goes on, look whether that process runs and whether its advertised address is reachable from here.',
      options,
    );
  }
}

/**
 * The link to a gateway ended between a question and its answer: whether the gateway took the question is not known.
 * `cause` is why the link ended.
 */
export class GatewayLostError extends NestwireError {
  override readonly name = 'GatewayLostError';
  readonly code = 'ERR_NESTWIRE_GATEWAY_LOST';
  constructor(
    readonly gateway: NodeAddress,
    options?: ErrorOptions,
  ) {
    super(
      `The link to the gateway ${formatAddress(gateway)} ended before it answered. Ask again; when it is a custom ` +
        'question of the base protocol every time, see that the gateway registers it: one it cannot answer ends the link.',
      options,
    );
  }
}

const QUESTION_FAILURES = {
  [ReplyFailure.UnknownCommand]: 'ERR_NESTWIRE_UNKNOWN_COMMAND',
  [ReplyFailure.BadArgument]: 'ERR_NESTWIRE_BAD_ARGUMENT',
  [ReplyFailure.TooLarge]: 'ERR_NESTWIRE_REPLY_TOO_LARGE',
  [ReplyFailure.Failed]: 'ERR_NESTWIRE_COMMAND_FAILED',
} as const;

type QuestionFailureCode = (typeof QUESTION_FAILURES)[keyof typeof QUESTION_FAILURES];

const REMEDIES: Readonly<Record<QuestionFailureCode, string>> = {
  ERR_NESTWIRE_UNKNOWN_COMMAND:
    'Register that command at every gateway, or run releases together that have it.',
  ERR_NESTWIRE_BAD_ARGUMENT: 'Correct the arguments.',
  ERR_NESTWIRE_REPLY_TOO_LARGE: 'Ask for less at a time.',
  ERR_NESTWIRE_COMMAND_FAILED: 'Its log says more.',
};

/** A gateway took the question and said why it has no answer. */
export class QuestionFailedError extends NestwireError {
  override readonly name = 'QuestionFailedError';
  readonly code: QuestionFailureCode;
  readonly question: string;
  /** The gateway's own word for it: one that this release does not know has the code of a command that failed. */
  readonly failure: string;
  constructor(
    readonly gateway: NodeAddress,
    readonly questionCode: number,
    { code: failure, text }: FailedReply,
  ) {
    const code = codeOfFailure(failure);
    const question = nameOf(questionCode);
    super(
      `The gateway ${formatAddress(gateway)} could not answer ${question} (${failure}): ${text}. ${REMEDIES[code]}`,
    );
    this.code = code;
    this.question = question;
    this.failure = failure;
  }
}

/** So much waits for a gateway already that a question was not asked, or a command was dropped. */
export class GatewayCongestedError extends NestwireError {
  override readonly name = 'GatewayCongestedError';
  readonly code = 'ERR_NESTWIRE_GATEWAY_CONGESTED';
  constructor(
    readonly gateway: NodeAddress,
    readonly queuedBytes: number,
  ) {
    super(
      `The gateway ${formatAddress(gateway)} does not keep up: ${queuedBytes} bytes wait for it, and no more are taken. ` +
        'Send less, or wait for "drained" or flush(); the limit is "link.maxQueuedBytes".',
    );
  }
}

/** Some gateways did not take what is queued for them in time. It is queued still. */
export class FlushTimeoutError extends NestwireError {
  override readonly name = 'FlushTimeoutError';
  readonly code = 'ERR_NESTWIRE_FLUSH_TIMEOUT';
  constructor(
    readonly gateways: readonly NodeAddress[],
    readonly queuedBytes: number,
    readonly timeoutMs: number,
  ) {
    super(
      `Not all was taken in ${timeoutMs} ms: ${queuedBytes} bytes wait for ${gateways.map(formatAddress).join(', ')}. ` +
        'Look for what blocks those processes, send less, or raise "flushTimeoutMs".',
    );
  }
}

/** At the address of one gateway another one answers: the one that was known is gone, with its clients. */
export class GatewayReplacedError extends NestwireError {
  override readonly name = 'GatewayReplacedError';
  readonly code = 'ERR_NESTWIRE_GATEWAY_REPLACED';
  constructor(
    readonly gateway: NodeAddress,
    readonly expectedId: string,
    readonly foundId: string,
  ) {
    super(
      `At ${formatAddress(gateway)} the gateway ${foundId} answers, and not ${expectedId}: it was restarted, ` +
        'or two gateways advertise one address. The list of gateways will say which.',
    );
  }
}

/** Two addresses of the list lead to one gateway, which is linked once. */
export class GatewayListedTwiceError extends NestwireError {
  override readonly name = 'GatewayListedTwiceError';
  readonly code = 'ERR_NESTWIRE_GATEWAY_LISTED_TWICE';
  constructor(
    readonly gateway: NodeAddress,
    readonly other: NodeAddress,
    readonly id: string,
  ) {
    super(
      `${formatAddress(gateway)} and ${formatAddress(other)} are the same gateway, ${id}. List one address of each gateway.`,
    );
  }
}

/** A gateway did not answer in time. Its answer, should it still come, reaches nobody else. */
export class QuestionTimeoutError extends NestwireError {
  override readonly name = 'QuestionTimeoutError';
  readonly code = 'ERR_NESTWIRE_QUESTION_TIMEOUT';
  readonly question: string;
  constructor(
    readonly gateway: NodeAddress,
    readonly questionCode: number,
    readonly timeoutMs: number,
  ) {
    const question = nameOf(questionCode);
    super(
      `The gateway ${formatAddress(gateway)} did not answer ${question} in ${timeoutMs} ms. ` +
        'Look for what blocks that process, or raise "questionTimeoutMs".',
    );
    this.question = question;
  }
}

/** Base protocol only. Why a link was given up: a reply is so late that it will not come, and every later one waits behind it. */
export class OverdueReplyError extends NestwireError {
  override readonly name = 'OverdueReplyError';
  readonly code = 'ERR_NESTWIRE_OVERDUE_REPLY';
  constructor(
    readonly gateway: NodeAddress,
    readonly overdueReplyMs: number,
  ) {
    super(
      `A reply of the gateway ${formatAddress(gateway)} is overdue by ${overdueReplyMs} ms; the link is dialled anew. ` +
        'Look for what blocks that process, or raise "overdueReplyMs".',
    );
  }
}

/** No list of gateways has come yet, so nobody can be asked. */
export class NoRegisterError extends NestwireError {
  override readonly name = 'NoRegisterError';
  readonly code = 'ERR_NESTWIRE_NO_REGISTER';
  constructor(readonly timeoutMs: number) {
    super(
      `No register has told the gateways in ${timeoutMs} ms. Start it, or correct its address ("registers") and "secret".`,
    );
  }
}

/** More waits for a gateway, or for the first list of gateways, than may be kept. */
export class HeldCallsOverflowError extends NestwireError {
  override readonly name = 'HeldCallsOverflowError';
  readonly code = 'ERR_NESTWIRE_HELD_CALLS_OVERFLOW';
  constructor(readonly limitBytes: number) {
    super(
      `Calls of ${limitBytes} bytes wait already for a gateway or for the register. Send less, or raise "maxHeldBytes".`,
    );
  }
}

/** The application shuts down: `close()` was called. */
export class ApiClosedError extends NestwireError {
  override readonly name = 'ApiClosedError';
  readonly code = 'ERR_NESTWIRE_API_CLOSED';
  constructor() {
    super('The gateway api is closed. Ask before the application shuts down, or create a new one.');
  }
}

/** Events go to one sink: a second one would take half of each client's messages. */
export class SinkTakenError extends NestwireError {
  override readonly name = 'SinkTakenError';
  readonly code = 'ERR_NESTWIRE_SINK_TAKEN';
  constructor() {
    super('The events of this pool have a sink already. Call unsubscribe() first, or make a second pool.');
  }
}

/** Some gateways were asked in vain: what the others said is in `partial`, and it is not the whole truth. */
export class PartialResultError<T = unknown> extends NestwireError {
  override readonly name = 'PartialResultError';
  readonly code = 'ERR_NESTWIRE_PARTIAL_RESULT';
  /** The gateways that gave no answer, */
  readonly missing: readonly NodeAddress[];
  /** and why: one error for each of `missing`, in the same order. */
  readonly causes: readonly Error[];
  constructor(
    /** The result without the missing gateways. Undefined at the end of a list, whose items were handed out already. */
    readonly partial: T,
    failures: readonly GatewayFailure[],
  ) {
    super(
      `${failures.length === 1 ? 'A gateway' : `${failures.length} gateways`} did not answer: ` +
        `${failures.map(({ gateway }) => formatAddress(gateway)).join(', ')}. ` +
        'Use "partial" if the rest is good enough, or ask again.',
      { cause: failures[0]?.cause },
    );
    this.missing = failures.map(({ gateway }) => gateway);
    this.causes = failures.map(({ cause }) => cause);
  }
}

/** One gateway that gave no answer, and why. */
export interface GatewayFailure {
  readonly gateway: NodeAddress;
  readonly cause: Error;
}

function nameOf(code: number): string {
  return NAMES.get(code) ?? `command ${code}`;
}

function codeOfFailure(failure: string): QuestionFailureCode {
  return Object.hasOwn(QUESTION_FAILURES, failure)
    ? // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has just been found there
      QUESTION_FAILURES[failure as keyof typeof QUESTION_FAILURES]
    : QUESTION_FAILURES[ReplyFailure.Failed];
}
