import { readReplyHead, type ByteReader, type FailedReply } from '#protocol';
import { QuestionFailedError } from '../errors.js';
import type { PendingQuestion } from '../pending-question.js';

/** The questions that are out on one link, by their ids: replies come in any order, and none waits for another. */
export class Replies {
  readonly #asked = new Map<number, PendingQuestion<unknown>>();
  readonly #onLateReply: () => void;
  #lastId = 0;

  /** @param onLateReply a reply came after its caller had gone */
  constructor(onLateReply: () => void) {
    this.#onLateReply = onLateReply;
  }

  /** Questions whose callers still wait. */
  get size(): number {
    return this.#asked.size;
  }

  /** An id that no question has. */
  nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#asked.has(this.#lastId));
    return this.#lastId;
  }

  /** It is on the line. */
  add(id: number, question: PendingQuestion<unknown>): void {
    this.#asked.set(id, question);
    question.sent({ expired: () => this.#asked.delete(id) });
  }

  /**
   * Gives a reply to whom it belongs. One that does not decode is that caller's trouble alone: the next one is a frame of its own.
   * @throws ProtocolError when it is cut short before it says whose it is
   */
  answer(payload: ByteReader): void {
    const { id, failure } = readReplyHead(payload);
    const question = this.#asked.get(id);
    if (question === undefined) return this.#onLateReply();
    this.#asked.delete(id);
    if (failure === undefined) answerOrFail(question, payload);
    else question.fail(failureOf(question, failure));
  }

  /** The link is gone, and all replies with it. */
  failAll(error: Error): void {
    const open = [...this.#asked.values()];
    this.#asked.clear();
    for (const question of open) question.fail(error);
  }
}

function answerOrFail(question: PendingQuestion<unknown>, reply: ByteReader): void {
  try {
    question.answer(reply);
  } catch (error) {
    question.fail(error instanceof Error ? error : new Error(String(error)));
  }
}

function failureOf({ gateway, code }: PendingQuestion<unknown>, failure: FailedReply): QuestionFailedError {
  return new QuestionFailedError(gateway, code, failure);
}
