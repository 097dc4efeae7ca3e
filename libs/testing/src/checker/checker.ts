import { InvalidArgumentError } from '#protocol';
import { ClientHistory, CLOSE, CONNECT, type ExpectedEnd } from './client-history.js';
import { judgeHandlings } from './handling-rules.js';
import { judgeAnswers, missingHandlings } from './loss-rules.js';
import { MembershipRules, type Listing } from './membership-rules.js';
import type { Violation } from './violation.js';
import { WorkerLives } from './worker-lives.js';

/** Where and when a handler did something. */
export interface Moment {
  /** The worker's name: of any two that run at the same time different ones. */
  readonly worker: string;
  /**
   * When, in milliseconds on a clock that all processes share, such as `Number(process.hrtime.bigint()) / 1e6` on one machine. Needed where
   * records of several processes arrive in any order.
   * @default the time of the call, on that clock
   */
  readonly atMs?: number | undefined;
}

/** What a handler saw when it began. */
export type Handling = Moment & {
  /** It says that it may have been handled before. @default false */
  readonly isRedelivered?: boolean | undefined;
} & (
    | { readonly kind: 'message'; /** The client's number in it. */ readonly sequence: number }
    | { readonly kind: 'connect' | 'close' }
  );

export interface CheckerCounts {
  readonly clients: number;
  readonly sent: number;
  readonly handled: number;
  readonly answered: number;
  /** Handlings that were marked. */
  readonly redelivered: number;
  /** Handlings by workers that were lost already: without effect, and not judged. */
  readonly late: number;
}

export interface CheckerOptions {
  /** Whether each message is to be answered. @default true */
  readonly areAnswered?: boolean;
}

/**
 * Keeps what clients sent and got, and what handlers did, and says at the end which promises were broken: nothing lost, per client in
 * order, once unless marked, no disconnects, OnConnect and OnClose in pairs, and memberships as the handlers made them.
 *
 * Clients have names of the test's choosing, which their messages and sessions carry, and number their messages 1, 2, 3 …
 * It judges nothing before `verdict`, and forgets nothing: half a million messages take some 50 MB.
 */
export class Checker {
  readonly #clients = new Map<string, ClientHistory>();
  readonly #lives = new WorkerLives();
  readonly #areAnswered: boolean;
  #listing: Listing | undefined;

  constructor({ areAnswered = true }: CheckerOptions = {}) {
    this.#areAnswered = areAnswered;
  }

  /** The client is connected: from now on it is there, until it is told to be gone. */
  connected(client: string): void {
    this.#history(client).isConnected = true;
  }

  /** The client sends its next message. @returns the number of it, to be sent along */
  sent(client: string): number {
    return ++this.#history(client).sent;
  }

  /** A handler began. @throws InvalidArgumentError for a number that no message can have */
  handled(client: string, handling: Handling): void {
    const { worker, atMs = now(), isRedelivered = false } = handling;
    this.#history(client).addHandling({
      sequence: numberOf(handling),
      atMs,
      worker: this.#lives.indexOf(worker),
      isMarked: isRedelivered,
    });
  }

  /** The client got the answer to the message of that number. @throws InvalidArgumentError as `handled` does */
  answered(client: string, sequence: number): void {
    this.#history(client).answers.push(checkedSequence(sequence));
  }

  /**
   * The client's end is wanted. `closes`: it says goodbye, and all that it sent has to be handled, and its end too. `dies`: it
   * goes without a word, or its gateway does, and what was under way may be lost with it.
   */
  expectEnd(client: string, how: ExpectedEnd): void {
    this.#history(client).expectedEnd = how;
  }

  /** The client's connection is over. @param code of the close, where there is one */
  disconnected(client: string, code?: number): void {
    this.#history(client).end ??= { code };
  }

  joined(client: string, group: string, moment: Moment): void {
    this.#changed(client, 'join', group, moment);
  }

  left(client: string, group: string, moment: Moment): void {
    this.#changed(client, 'leave', group, moment);
  }

  /** @param uid takes the place of the former one; the empty one unbinds */
  bound(client: string, uid: string, moment: Moment): void {
    this.#changed(client, 'bind', uid, moment);
  }

  /**
   * The worker is killed, or has been given up. To be told before, rather than after, it happens: what it handles from now on is late, and
   * may be handled again with the mark.
   */
  workerLost(worker: string, atMs: number = now()): void {
    this.#lives.lost(worker, atMs);
  }

  /** A worker of that name takes events again, as a new one. */
  workerBack(worker: string, atMs: number = now()): void {
    this.#lives.back(worker, atMs);
  }

  /** A link to a worker breaks: what was under way may be delivered again, with the mark, though no handler saw it. To be told before. */
  linkBroken(atMs: number = now()): void {
    this.#lives.broken(atMs);
  }

  /** Who is where, as the cluster says when all is quiet. Without it memberships are not judged. */
  listed(listing: Listing): void {
    this.#listing = listing;
  }

  /** Counted anew at each call, over all records. */
  get counts(): CheckerCounts {
    const counts = { clients: this.#clients.size, sent: 0, handled: 0, answered: 0, redelivered: 0, late: 0 };
    for (const history of this.#clients.values()) {
      const { redelivered, late } = judgeHandlings(history, this.#lives);
      counts.sent += history.sent;
      counts.handled += history.handlings;
      counts.answered += history.answers.length;
      counts.redelivered += redelivered;
      counts.late += late;
    }
    return counts;
  }

  /** Every promise that was broken: empty when all were kept. Changes nothing, and may be asked for again. */
  verdict(): Violation[] {
    const memberships = this.#listing === undefined ? undefined : new MembershipRules(this.#listing);
    for (const client of memberships?.clients ?? []) this.#history(client);
    return [...this.#clients.values()].flatMap((history) => [
      ...this.#judge(history),
      ...(memberships?.judge(history, this.#lives) ?? []),
    ]);
  }

  #judge(history: ClientHistory): Violation[] {
    const { name: client, end, expectedEnd } = history;
    const { violations, timesHandled } = judgeHandlings(history, this.#lives);
    return [
      ...(end !== undefined && expectedEnd === undefined
        ? [{ kind: 'disconnected' as const, client, code: end.code }]
        : []),
      ...violations,
      ...missingHandlings(history, timesHandled),
      ...(this.#areAnswered ? judgeAnswers(history, timesHandled) : []),
    ];
  }

  #changed(client: string, kind: 'join' | 'leave' | 'bind', name: string, moment: Moment): void {
    const { worker, atMs = now() } = moment;
    this.#history(client).memberships.push({ kind, name, atMs, worker: this.#lives.indexOf(worker) });
  }

  #history(client: string): ClientHistory {
    const known = this.#clients.get(client);
    if (known !== undefined) return known;
    const made = new ClientHistory(client);
    this.#clients.set(client, made);
    return made;
  }
}

function numberOf(handling: Handling): number {
  if (handling.kind === 'message') return checkedSequence(handling.sequence);
  return handling.kind === 'connect' ? CONNECT : CLOSE;
}

function checkedSequence(sequence: number): number {
  if (Number.isInteger(sequence) && sequence > CONNECT && sequence < CLOSE) return sequence;
  throw new InvalidArgumentError(
    'sequence',
    `must be a whole number from 1, as \`sent\` gives it, not ${sequence}`,
  );
}

/** On a clock that all processes of a machine share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
