import type { WorkerLink } from './worker-link.js';

/** The clock ticks so often while a client gets quiet: it moves at most two ticks late, and never early. */
const TICKS = 10;

/**
 * Which worker serves the client of each slot, and when it last had an event. Arrays by slot, and a clock that one timer moves on,
 * because a million clients are looked up here, each at every message. Slots come in order, so the arrays never get sparse.
 */
export class RouteTable {
  readonly #routes: (WorkerLink | undefined)[] = [undefined];
  /** For which set of workers the choice was made. */
  readonly #editions: number[] = [0];
  /** The tick of its last event. */
  readonly #lastTicks: number[] = [0];
  readonly #tickMs: number;
  readonly #quietTicks: number;
  #edition = 0;
  #tick = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param quietMs 0 lets every client move as soon as the workers change */
  constructor(private readonly quietMs: number) {
    this.#tickMs = Math.max(1, Math.ceil(quietMs / TICKS));
    this.#quietTicks = Math.ceil(quietMs / this.#tickMs);
  }

  get movesAtOnce(): boolean {
    return this.quietMs === 0;
  }

  start(): void {
    if (!this.movesAtOnce) this.#timer = setInterval(() => this.#tick++, this.#tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * The worker for an event that the client has now; undefined when one has to be chosen.
   * @param isSettled its worker is done with all its events: known of workers that acknowledge them
   */
  use(slot: number, isSettled = true): WorkerLink | undefined {
    const worker = this.#routes[slot];
    if (worker === undefined) return undefined;
    if (this.#editions[slot] !== this.#edition && this.#mayMove(slot, worker, isSettled)) return undefined;
    this.#lastTicks[slot] = this.#tick;
    return worker;
  }

  set(slot: number, worker: WorkerLink | undefined): void {
    this.#routes[slot] = worker;
    this.#editions[slot] = this.#edition;
    this.#lastTicks[slot] = this.#tick;
  }

  /** The client does not count as quiet now. */
  touch(slot: number): void {
    this.#lastTicks[slot] = this.#tick;
  }

  /** The workers have changed: the router might choose otherwise now. */
  outdate(): void {
    this.#edition++;
  }

  /** The worker is gone, and nobody may be routed to it. */
  leave(worker: WorkerLink): void {
    const routes = this.#routes;
    for (let slot = 0; slot < routes.length; slot++) if (routes[slot] === worker) routes[slot] = undefined;
  }

  #mayMove(slot: number, worker: WorkerLink, isSettled: boolean): boolean {
    // Exact, where workers say what they are done with.
    if (worker.journal !== undefined) return isSettled;
    if (this.movesAtOnce) return true;
    // What a worker that is behind has not been sent yet is older than anything that another one would get.
    if (worker.link.isCongested) return false;
    return this.#tick - this.#lastTicks[slot]! > this.#quietTicks;
  }
}
