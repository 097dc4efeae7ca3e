import { inspect } from 'node:util';
import { codeFact } from '#protocol';
import { Child, type ChildHandler } from './child.js';
import { describeExit, type Exit } from './errors.js';
import { labelOf, type ProcessPlace } from './process-place.js';
import { RestartBackoff } from './restart-backoff.js';
import type { SupervisorLog } from './supervisor-log.js';
import type { ProcessGroupOptions, SupervisorTimes } from './supervisor-options.js';

/** One place of a group, and the process that holds it: started, started again when it crashes, replaced at a reload. */
export class Slot {
  readonly label: string;
  readonly #backoff: RestartBackoff;
  readonly #handler: ChildHandler;
  /** Whoever holds the place. During a replacement there is a second one, and while a crash is waited out none. */
  #holder: Child | undefined;
  /** All that live, whether or not they hold the place. */
  readonly #children = new Set<Child>();
  #restartTimer: NodeJS.Timeout | undefined;
  #hasStarted = false;
  #isClosed = false;

  /** @param terminated its process was sent a SIGTERM by somebody else */
  constructor(
    private readonly place: ProcessPlace,
    private readonly group: ProcessGroupOptions,
    private readonly times: SupervisorTimes,
    private readonly log: SupervisorLog,
    terminated: (slot: Slot) => void,
  ) {
    this.label = labelOf(place);
    this.#backoff = new RestartBackoff(times.minRestartDelayMs, times.maxRestartDelayMs);
    this.#handler = {
      ready: (child, facts) => this.#onReady(child, facts),
      terminated: (child) => {
        if (child === this.#holder) terminated(this);
      },
      ended: (child, exit) => this.#onEnded(child, exit),
    };
  }

  /** The first start, which is not tried again. Rejects with a ProcessStartError or a ProcessNotReadyError. */
  async start(): Promise<void> {
    if (this.#isClosed) return;
    await this.#hold().ready;
  }

  /**
   * Puts a new process into the place, in the group's order, and resolves when the old one has ended. Rejects with a ProcessStartError or a
   * ProcessNotReadyError when the new one does not come up: then the old one has the place, or, if it had gone first, the next attempt.
   */
  async replace(): Promise<void> {
    if (this.#isClosed) return;
    const old = this.#holder;
    if (old === undefined || old.state === 'ended') {
      clearTimeout(this.#restartTimer);
      await this.#hold().ready;
    } else if (this.group.replace === 'new-first') {
      const newcomer = this.#fork();
      await newcomer.ready;
      clearTimeout(this.#restartTimer); // the old one may have crashed meanwhile
      const leaving = this.#holder;
      this.#holder = newcomer;
      await leaving?.stop();
    } else {
      this.#holder = undefined;
      await old.stop();
      if (!this.#isClosed) await this.#hold().ready;
    }
  }

  /** Ends its process, and starts none any more. Resolves at the end. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restartTimer);
    await Promise.all([...this.#children].map((child) => child.stop()));
  }

  #hold(): Child {
    this.#holder = this.#fork();
    return this.#holder;
  }

  #fork(): Child {
    const { file, environmentOf } = this.group;
    const { readyTimeoutMs, stopTimeoutMs } = this.times;
    const environment = environmentOf(this.place);
    const child = new Child(
      { label: this.label, file, environment, readyTimeoutMs, stopTimeoutMs },
      this.log,
      this.#handler,
    );
    this.#children.add(child);
    return child;
  }

  #onReady(child: Child, facts: unknown): void {
    this.#hasStarted = true;
    this.log.log(`${child.name} is ready`);
    try {
      this.group.onReady(this.place, facts);
    } catch (error) {
      const facts = { place: this.label, ...codeFact(error) };
      this.log.error(`What is to be done when ${this.label} is ready failed: ${inspect(error)}`, facts);
    }
  }

  #onEnded(child: Child, exit: Exit): void {
    this.#children.delete(child);
    const isWanted = child === this.#holder && !this.#isClosed && this.#hasStarted;
    if (!isWanted) {
      if (!child.isStopped || !isQuiet(exit)) this.log.warn(`${child.name} ${describeExit(exit)}`);
      return;
    }
    if (child.readyForMs > 0 && child.readyForMs >= this.times.stableAfterMs) this.#backoff.reset();
    const delayMs = this.#backoff.nextDelayMs();
    this.log.error(`${child.name} ${describeExit(exit)}. It is started again in ${delayMs} ms`);
    this.#restartTimer = setTimeout(() => this.#hold(), delayMs);
  }
}

/** The end of a process that was told to: by itself, or by the signal that told it. That it was killed has been said. */
function isQuiet({ code, signal }: Exit): boolean {
  return code === 0 || signal === 'SIGTERM' || signal === 'SIGKILL';
}
