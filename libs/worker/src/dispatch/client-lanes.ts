import type { EventSource } from '#api';

import { ClientLane, type RunStarter } from './client-lane.js';
import type { EventRun } from './event-run.js';

/** The lanes of all clients that have one. */
export class ClientLanes {
  readonly #start: RunStarter;
  /**
   * By gateway, then connection: finding one needs no client id to be put together. Not by source, so that over the base
   * protocol a client's events stay in order when its gateway has been linked anew.
   */
  readonly #gateways = new Map<string, Map<number, ClientLane>>();
  #size = 0;

  constructor(start: RunStarter) {
    this.#start = start;
  }

  /** How many clients have events running or waiting. */
  get size(): number {
    return this.#size;
  }

  find(gateway: string, connectionId: number): ClientLane | undefined {
    return this.#size === 0 ? undefined : this.#gateways.get(gateway)?.get(connectionId);
  }

  /** For a client whose first event did not finish at once. */
  open(run: EventRun): void {
    const { gateway } = run.source;
    let lanes = this.#gateways.get(gateway);
    if (lanes === undefined) this.#gateways.set(gateway, (lanes = new Map()));
    lanes.set(run.connectionId, new ClientLane(this.#start, run));
    this.#size++;
  }

  /** A run that did not finish at once has finished: starts what waited for it. */
  finished(run: EventRun): void {
    const { gateway } = run.source;
    const lanes = this.#gateways.get(gateway);
    const lane = lanes?.get(run.connectionId);
    if (lanes === undefined || lane === undefined) return;
    lane.finished(run);
    if (!lane.isIdle) return;
    lanes.delete(run.connectionId);
    this.#size--;
    if (lanes.size === 0) this.#gateways.delete(gateway);
  }

  /**
   * Takes out what waits of a source that is over.
   * @returns those too that have begun, which stay until they finish
   */
  interrupt(source: EventSource): { readonly waiting: EventRun[]; readonly running: EventRun[] } {
    const lanes = [...(this.#gateways.get(source.gateway)?.values() ?? [])];
    return {
      waiting: lanes.flatMap((lane) => lane.takeWaiting(source)),
      running: lanes.flatMap((lane) => lane.runningOf(source)),
    };
  }
}
