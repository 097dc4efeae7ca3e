/** What clients and workers of a scenario say to each other, each in an envelope `{event, data}`. */

/** A message of its sender's own count, from 1 on. */
export interface Count {
  /** Whose count it is. */
  readonly client: number;
  readonly n: number;
}

/** The answer to one, which comes flat. */
export interface Counted {
  readonly event: 'count';
  readonly n: number;
  /** What the session held when the handler began. */
  readonly counter: number;
  readonly redelivered: boolean;
  readonly worker: string;
}

/** What a client wants to be. It is answered with the event `entered`. */
export interface Enter {
  readonly uid: string;
  readonly groups: readonly string[];
}

/** What is told to a group. Everything else in it is there to make it large. */
export interface News {
  readonly event: 'news';
  readonly n: number;
  /** When it was sent, in microseconds of the shared clock. */
  readonly atUs: number;
}

/** A message to a group, as it is. */
export interface Publish {
  readonly group: string;
  readonly message: string;
}
