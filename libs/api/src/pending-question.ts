import { readReply, type ByteReader, type NodeAddress } from '#protocol';
import type { DeadlineWatch, Watched } from './deadline-watch.js';
import type { ReplyDefinition } from './definition.js';
import { QuestionTimeoutError } from './errors.js';

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

/** Who has a question on the line, and what it does when the caller has gone while the reply is still on its way. */
export interface Line {
  expired?(): void;
  /** The reply is late by `overdueMs` more. */
  overdue?(): void;
}

/** A question from its call to its end. Its deadline begins when it is made, wherever it waits. */
export class PendingQuestion<Answer> implements Watched {
  readonly #terms: QuestionTerms;
  readonly #definition: ReplyDefinition<Answer>;
  readonly #outcome: QuestionOutcome<Answer>;
  #settled = false;
  #line: Line | undefined;
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

  get gateway(): NodeAddress {
    return this.#terms.gateway;
  }

  get code(): number {
    return this.#definition.code;
  }

  /** It is on the line. */
  sent(line: Line): void {
    this.#line = line;
  }

  /** @throws ProtocolError when the reply does not decode: the caller has not been told yet. */
  answer(reply: ByteReader): void {
    const answer = readReply(reply, this.#definition);
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
    const line = this.#line;
    line?.expired?.();
    if (line?.overdue === undefined) return;
    this.#overdue = { expire: () => line.overdue?.() };
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
