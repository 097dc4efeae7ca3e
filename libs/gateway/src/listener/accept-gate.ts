import type { Server, Socket } from 'node:net';
import type { AddressGate } from './address-gate.js';
import { TokenBucket } from './token-bucket.js';

/** `late`: too many wait already, or nobody comes in any more. `crowded`: there are too many of its address. */
export type TurnedAway = 'late' | 'crowded';

/** What a listener does with those who want to become its clients. */
export interface Arrivals {
  /** It may come in. */
  admit(socket: Socket): void;
  /**
   * It may not.
   * @param mayAnswer there is time to say so; without it the socket is to be closed and no more
   */
  turnAway(socket: Socket, mayAnswer: boolean, why: TurnedAway): void;
}

export interface AcceptGateOptions {
  /** Most clients that come in a second, over all listeners. 0 sets no limit. */
  readonly maxAcceptsPerSecond: number;
}

interface Waiting {
  readonly socket: Socket;
  readonly arrivals: Arrivals;
}

const TICK_MS = 20;
/** After a quiet time so many seconds' worth comes in at once, so that the few clients of a small gateway never wait. */
const BURST_S = 0.1;
/** Nobody waits longer than so: he would give up before his turn, and come again. */
const LONGEST_WAIT_S = 5;
/** A socket that waits takes 5 KiB, most of it the system's: these are 10 MiB. */
const MOST_WAITING = 2_000;
/** An answer costs as much as a client, so there is one for every four clients that may come in; a few more when all has been quiet. */
const ANSWERS_SHARE = 0.25;
const LEAST_ANSWERS_AT_ONCE = 16;
/** Of those who come from a crowded address so many a second are told so: that is for people who look for what is wrong. */
const CROWDED_ANSWERS_A_SECOND = 20;
/** So many entries that have left the queue are cut off in one go. */
const CUT = 256;

/**
 * Lets so many sockets a second become clients, and makes the others wait, first come, first served.
 *
 * To wait is cheap: a socket that waits is accepted, and nothing more. Nothing of it is read, so its request stays with the system, and
 * there is no parser, no client and no timer for it: 60 µs, where an upgrade takes 190, and 5 KiB. (That it is accepted at all is Node's way: a
 * server cannot leave a connection in the backlog. It takes one a turn of the event loop, so that even a flood leaves each turn to the
 * clients that are there.) Only when `LONGEST_WAIT_S` or `MOST_WAITING` would be exceeded is anybody turned away; with an answer, which takes as long
 * as an upgrade, to some, and by just closing, 85 µs, to the rest of a flood.
 */
export class AcceptGate {
  readonly #perSecond: number;
  readonly #mostWaiting: number;
  #queue: Waiting[] = [];
  #head = 0;
  readonly #clients: TokenBucket;
  readonly #answers: TokenBucket;
  readonly #crowdedAnswers = new TokenBucket(CROWDED_ANSWERS_A_SECOND, CROWDED_ANSWERS_A_SECOND);
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param delayed somebody has to wait
   * @param addresses undefined when addresses make no difference
   */
  constructor(
    { maxAcceptsPerSecond }: AcceptGateOptions,
    private readonly delayed: () => void,
    private readonly addresses?: AddressGate,
  ) {
    this.#perSecond = maxAcceptsPerSecond;
    this.#mostWaiting = Math.min(MOST_WAITING, Math.ceil(maxAcceptsPerSecond * LONGEST_WAIT_S));
    this.#clients = new TokenBucket(maxAcceptsPerSecond, Math.max(1, maxAcceptsPerSecond * BURST_S));
    const answers = maxAcceptsPerSecond * ANSWERS_SHARE;
    this.#answers = new TokenBucket(answers, Math.max(LEAST_ANSWERS_AT_ONCE, answers * BURST_S));
  }

  /** Most that wait at a time; each has a descriptor. */
  get mostWaiting(): number {
    return this.#mostWaiting;
  }

  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  /** Puts the gate before a server: whoever it accepts goes to `arrivals`, now or later. */
  guard(server: Server, arrivals: Arrivals): void {
    if (this.#perSecond === 0) {
      server.on('connection', (socket: Socket) => {
        if (this.#isCrowded(socket, arrivals)) return;
        arrivals.admit(socket);
      });
      return;
    }
    // An option of plain servers that HTTP servers do not pass on. A Node that ignored it would read one chunk of whoever waits.
    Object.assign(server, { pauseOnConnect: true });
    server.on('connection', (socket: Socket) => this.#enter(socket, arrivals));
  }

  /** From now on nobody comes in, and those who wait are turned away. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#timer = undefined;
    const waiting = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    for (const { socket, arrivals } of waiting) this.#turnAway(socket, arrivals);
  }

  #enter(socket: Socket, arrivals: Arrivals): void {
    if (this.#isClosed) return this.#turnAway(socket, arrivals);
    // First of all, so that one address cannot fill the places where others wait.
    if (this.#isCrowded(socket, arrivals)) return;
    if (this.waiting === 0 && this.#clients.take()) return admit(socket, arrivals);
    if (this.waiting >= this.#mostWaiting) return this.#turnAway(socket, arrivals);
    this.#queue.push({ socket, arrivals });
    this.#timer ??= setInterval(() => this.#letIn(), TICK_MS).unref();
    this.delayed();
  }

  #letIn(): void {
    while (this.waiting > 0 && this.#clients.take()) {
      const { socket, arrivals } = this.#queue[this.#head++]!;
      admit(socket, arrivals);
    }
    if (this.waiting === 0 || this.#head >= CUT) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    if (this.waiting > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #isCrowded(socket: Socket, arrivals: Arrivals): boolean {
    if (this.addresses === undefined || this.addresses.admits(socket)) return false;
    arrivals.turnAway(socket, this.#crowdedAnswers.take(), 'crowded');
    return true;
  }

  #turnAway(socket: Socket, arrivals: Arrivals): void {
    arrivals.turnAway(socket, this.#answers.take(), 'late');
  }
}

/** From here on it is as one that was accepted just now. `resume` takes effect a tick later, and nothing is read before the next turn. */
function admit(socket: Socket, arrivals: Arrivals): void {
  socket.resume();
  process.nextTick(() => arrivals.admit(socket));
}
