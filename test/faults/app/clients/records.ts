/** One answer to a number. A list, because there are hundreds of thousands of them. */
export type Answer = readonly [
  n: number,
  redelivered: boolean,
  /** What the session held when its handler began. */
  counter: number,
  worker: string,
  /** When the answer came, in microseconds of the shared clock. */
  atUs: number,
  /** From the sending of the number. */
  latencyMs: number,
];

export interface Ending {
  readonly code: number;
  readonly atUs: number;
  /** The client itself said goodbye. */
  readonly isOwn: boolean;
}

/** All that a client saw over one connection. */
export interface ConversationRecord {
  /** Its number among all clients of the scenario, which it keeps over its connections. */
  readonly client: number;
  readonly url: string;
  /** Empty when no worker has welcomed it. */
  readonly clientId: string;
  readonly openedUs: number;
  /** Numbers from 1 to this one were sent. */
  readonly sent: number;
  readonly answers: readonly Answer[];
  readonly news: NewsRecord;
  readonly ending: Ending | undefined;
}

/** What it heard as a member of groups. */
export interface NewsRecord {
  readonly count: number;
  /** News that did not follow the one before. */
  readonly breaks: number;
  readonly latenciesMs: readonly number[];
}

export interface FloodRecord {
  readonly attempts: number;
  readonly upgraded: number;
  /** Turned away with an answer or a close frame. */
  readonly refused: number;
  /** Ended without an answer. */
  readonly dropped: number;
}
