import { openSync, writeSync } from 'node:fs';

/** What a worker's handlers saw, in their words. The first two of each are its kind and when, in microseconds of the shared clock. */
export type JournalEntry =
  | readonly ['open' | 'close', atUs: number, clientId: string, redelivered: boolean]
  | readonly [
      'start',
      atUs: number,
      clientId: string,
      redelivered: boolean,
      number: number,
      /** The number that the session held. */
      counter: number,
    ]
  | readonly ['enter', atUs: number, clientId: string, uid: string, groups: readonly string[]]
  | readonly ['done', atUs: number, clientId: string, number: number]
  | readonly ['gatewayLost', atUs: number, gateway: string];

/**
 * Where a worker writes down what it does before it does it: with the system when `write` returns, so that it is known even of a worker that is
 * killed in the next instant.
 */
export class Journal {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  write(entry: JournalEntry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }
}
