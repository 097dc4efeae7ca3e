import { COMMANDS, NestwireError, formatAddress, type NodeAddress } from '#protocol';

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
        'question every time, see that the gateway registers that command: one it cannot answer ends the link.',
      options,
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
    const question = NAMES.get(questionCode) ?? `command ${questionCode}`;
    super(
      `The gateway ${formatAddress(gateway)} did not answer ${question} in ${timeoutMs} ms. ` +
        'Look for what blocks that process, or raise "questionTimeoutMs".',
    );
    this.question = question;
  }
}

/** Why a link was given up: a reply is so late that it will not come, and every later one waits behind it. */
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
