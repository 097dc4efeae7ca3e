import { ProtocolError, type ByteReader } from '#protocol';
import { GatewayLostError } from '../errors.js';
import { Fifo } from '../fifo.js';
import type { PendingQuestion } from '../pending-question.js';

/**
 * The questions on one link, in order. Replies carry no id, so the place in this queue is all that tells whose a reply is:
 * a question keeps its place after its caller gave up, and the late reply is taken off the line and dropped.
 */
export class QuestionQueue {
  readonly #asked = new Fifo<PendingQuestion<unknown>>();
  readonly #onLateReply: () => void;

  /** @param onLateReply a reply came after its caller had gone */
  constructor(onLateReply: () => void) {
    this.#onLateReply = onLateReply;
  }

  /** Questions whose replies are not here yet. */
  get size(): number {
    return this.#asked.size;
  }

  add(question: PendingQuestion<unknown>): void {
    this.#asked.push(question);
  }

  /**
   * Gives a reply to whom it belongs.
   * @throws ProtocolError when nobody asked or the reply does not decode: from here on, replies would go to the wrong callers
   */
  answer(reply: ByteReader): void {
    const question = this.#asked.shift();
    if (question === undefined) {
      throw new ProtocolError('ERR_NESTWIRE_MALFORMED', 'A reply came that no question was asked for');
    }
    if (question.isSettled) {
      question.retire();
      this.#onLateReply();
    } else {
      answerOrFail(question, reply);
    }
  }

  /** The link is gone, and all replies with it. */
  failAll(error: Error): void {
    for (let question = this.#asked.shift(); question !== undefined; question = this.#asked.shift()) {
      question.retire();
      question.fail(error);
    }
  }
}

function answerOrFail(question: PendingQuestion<unknown>, reply: ByteReader): void {
  try {
    question.answer(reply);
  } catch (cause) {
    question.fail(new GatewayLostError(question.gateway, { cause }));
    throw cause;
  }
}
