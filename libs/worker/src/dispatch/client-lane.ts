import type { EventSource } from '#api';

import type { EventRun } from './event-run.js';

/** Starts a run; true when it is over already. */
export type RunStarter = (run: EventRun) => boolean;

/**
 * The events of one client that are running and waiting. It exists only while there are some: an event whose handlers
 * return at once never has one.
 *
 * They start in the order of arrival. An event starts beside others when its plan and theirs allow as many at once;
 * connecting and closing allow one, so they are alone.
 */
export class ClientLane {
  readonly #start: RunStarter;
  readonly #running: EventRun[] = [];
  #first: EventRun | undefined;
  #last: EventRun | undefined;
  #starting: EventRun | undefined;

  /** @param running has been started already */
  constructor(start: RunStarter, running: EventRun) {
    this.#start = start;
    this.#running.push(running);
  }

  get isIdle(): boolean {
    return this.#running.length === 0 && this.#first === undefined;
  }

  /** The one that came first of those that are not done with. */
  get oldest(): EventRun | undefined {
    return this.#running[0] ?? this.#starting ?? this.#first;
  }

  add(run: EventRun): void {
    this.#append(run);
    this.#startWaiting();
  }

  /** Those of this source that have begun. */
  runningOf(source: EventSource): EventRun[] {
    const begun = this.#starting === undefined ? this.#running : [...this.#running, this.#starting];
    return begun.filter((run) => run.source === source);
  }

  /** Takes those of this source out that wait: they do not begin any more. */
  takeWaiting(source: EventSource): EventRun[] {
    const taken: EventRun[] = [];
    let run = this.#first;
    this.#first = undefined;
    this.#last = undefined;
    while (run !== undefined) {
      const { following } = run;
      run.following = undefined;
      if (run.source === source) taken.push(run);
      else this.#append(run);
      run = following;
    }
    return taken;
  }

  finished(run: EventRun): void {
    const at = this.#running.indexOf(run);
    if (at !== -1) this.#running.splice(at, 1);
    this.#startWaiting();
  }

  #append(run: EventRun): void {
    if (this.#last === undefined) this.#first = run;
    else this.#last.following = run;
    this.#last = run;
  }

  #startWaiting(): void {
    // A handler that causes an event of its own client must not start what stands behind itself.
    if (this.#starting !== undefined) return;
    try {
      while (this.#first !== undefined && this.#hasRoomFor(this.#first)) {
        const run = this.#first;
        this.#first = run.following;
        if (this.#first === undefined) this.#last = undefined;
        this.#starting = run;
        if (!this.#start(run)) this.#running.push(run);
      }
    } finally {
      this.#starting = undefined;
    }
  }

  #hasRoomFor(run: EventRun): boolean {
    const count = this.#running.length;
    return count === 0 || (count < limitOf(run) && this.#running.every((other) => count < limitOf(other)));
  }
}

function limitOf(run: EventRun): number {
  return run.context.type === 'message' ? run.plan.concurrency : 1;
}
