import { readReply, type ByteReader, type NodeAddress } from '#protocol';
import type { DeadlineWatch, Watched } from './deadline-watch.js';
import type { ReplyDefinition } from './definition.js';
import { GatewayLostError, QuestionTimeoutError } from './errors.js';

/** Told exactly once how a question ended. */
export interface QuestionOutcome<Answer> {
  /** Called while the reply is read: views into it are valid during the call only. */
  answered(answer: Answer): void;
  failed(error: Error): void;
}

/** What a gateway's questions have in common. */
export interface QuestionTerms {
  readonly gateway: NodeAddress;
  readonly deadlines: DeadlineWatch;
  /** 0 waits for ever */
  readonly timeoutMs: number;
  readonly overdueMs: number;
}

/**
 * A question from its call to its end. Its deadline begins when it is made, wherever it waits. After the deadline the caller
 * has gone, but the reply is still on its way: `redial` is called when that is overdue, too.
 */
export class PendingQuestion<Answer> implements Watched {
  readonly #terms: QuestionTerms;
  readonly #definition: ReplyDefinition<Answer>;
  readonly #outcome: QuestionOutcome<Answer>;
  #settled = false;
  #redial: (() => void) | undefined;
  #overdue: Watched | undefined;

  constructor(terms: QuestionTerms, definition: ReplyDefinition<Answer>, outcome: QuestionOutcome<Answer>) {
    this.#terms = terms;
    this.#definition = definition;
    this.#outcome = outcome;
    if (terms.timeoutMs > 0) terms.deadlines.watch(this, terms.timeoutMs);
  }

  /** Answered, failed or given up. */
  get isSettled(): boolean {
    return this.#settled;
  }

  /** It is on the line, where its reply is waited for in any case. */
  sent(redial: () => void): void {
    this.#redial = redial;
  }

  /** @throws ProtocolError when the reply does not decode: the next one cannot be trusted either. */
  answer(reply: ByteReader): void {
    let answer: Answer;
    try {
      answer = readReply(reply, this.#definition);
    } catch (cause) {
      this.fail(new GatewayLostError(this.#terms.gateway, { cause }));
      throw cause;
    }
    this.#settle();
    this.#outcome.answered(answer);
  }

  fail(error: Error): void {
    if (this.#settled) return;
    this.#settle();
    this.#outcome.failed(error);
  }

  /** The caller's time is up. */
  expire(): void {
    const { gateway, timeoutMs, deadlines, overdueMs } = this.#terms;
    this.fail(new QuestionTimeoutError(gateway, this.#definition.code, timeoutMs));
    if (this.#redial === undefined) return;
    this.#overdue = { expire: this.#redial };
    deadlines.watch(this.#overdue, overdueMs);
  }

  /** Its reply came after all, or will never come: nothing is waited for any more. */
  retire(): void {
    if (this.#overdue !== undefined) this.#terms.deadlines.forget(this.#overdue, this.#terms.overdueMs);
  }

  #settle(): void {
    this.#settled = true;
    if (this.#terms.timeoutMs > 0) this.#terms.deadlines.forget(this, this.#terms.timeoutMs);
  }
}
