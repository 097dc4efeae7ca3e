import cluster from 'node:cluster';
import { NotPrimaryError, ReloadError, SupervisorClosedError } from './errors.js';
import { Slot } from './slot.js';
import type { SupervisorLog } from './supervisor-log.js';
import { resolveSupervisorOptions, type SupervisorOptions } from './supervisor-options.js';

/**
 * Runs groups of processes on one machine, by node:cluster, so that the processes of a group can listen on the same ports. It starts again what
 * crashes, replaces them one at a time on `reload`, and ends them in order. Signals are whoever's that has the process: it takes none.
 */
export class Supervisor {
  /** A list a group, in the order of the options. */
  readonly #groups: readonly (readonly Slot[])[];
  /** Those that a reload has still to replace, in this order. */
  readonly #outdated = new Set<Slot>();
  /** Those of them whose process was sent a SIGTERM by somebody else. */
  readonly #terminated = new Set<Slot>();
  #starting: Promise<void> | undefined;
  #rolling: Promise<void> | undefined;
  /** All are to be replaced, and not single ones. */
  #isReloading = false;
  #closing: Promise<void> | undefined;

  /**
   * @throws InvalidOptionError for an unknown name, a wrong value, or values that contradict each other
   * @throws NotPrimaryError in a process that node:cluster has forked
   */
  constructor(
    given: Partial<SupervisorOptions>,
    private readonly log: SupervisorLog,
  ) {
    const options = resolveSupervisorOptions(given);
    if (!cluster.isPrimary) throw new NotPrimaryError();
    this.#groups = options.groups.map((group) =>
      Array.from({ length: group.processes }, (_, index) => {
        const place = { group: group.name, number: index + 1, of: group.processes };
        return new Slot(place, group, options, log, (slot) => this.#onTerminated(slot));
      }),
    );
  }

  /**
   * Resolves when all are ready. When one does not come up at this first start, everything is ended again and it rejects with a
   * ProcessStartError or a ProcessNotReadyError: what is wrong now is the configuration, and another attempt would fail like it. From then
   * on a process that crashes is started again. Resolves early when it is closed meanwhile.
   * @throws SupervisorClosedError when it was closed before
   */
  async start(): Promise<void> {
    if (this.#starting === undefined && this.#closing !== undefined) throw new SupervisorClosedError();
    this.#starting ??= this.#start();
    await this.#starting;
  }

  /**
   * Replaces every process by a new one, one at a time, the last group first. While a reload is under way another one makes sure that whatever was
   * started before it is replaced as well; any number of them at once. Rejects, and logs, with a ReloadError when a new process does not
   * come up: nothing further is replaced then.
   * @throws SupervisorClosedError when it is or gets closed
   */
  async reload(): Promise<void> {
    if (this.#closing !== undefined) throw new SupervisorClosedError();
    this.log.log(this.#isReloading ? 'Reloading once more after this reload' : 'Reloading');
    this.#isReloading = true;
    await this.#roll(this.#groups.toReversed().flat());
  }

  /** Ends the groups in order, each when the one before has gone, and resolves at the end. May be called any number of times. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #start(): Promise<void> {
    try {
      for (const [first, ...others] of this.#groups) {
        // The first goes ahead: what keeps one from starting keeps all of its group from it, and is then said once.
        await first?.start();
        await Promise.all(others.map((slot) => slot.start()));
      }
    } catch (error) {
      if (this.#closing !== undefined) return;
      await this.close();
      throw error;
    }
  }

  async #close(): Promise<void> {
    this.#outdated.clear();
    for (const group of this.#groups) await Promise.all(group.map((slot) => slot.close()));
  }

  /** A SIGTERM to a single process replaces it. To all at once, as service managers send it, it means the supervisor as well. */
  #onTerminated(slot: Slot): void {
    if (this.#closing !== undefined) return; // its turn comes
    this.log.log(`${slot.label} was sent a SIGTERM, and is replaced`);
    this.#terminated.add(slot);
    this.#roll([slot]).catch(() => undefined); // it has been logged
  }

  async #roll(slots: readonly Slot[]): Promise<void> {
    for (const slot of slots) this.#outdated.add(slot);
    this.#rolling ??= this.#replaceOutdated();
    await this.#rolling;
  }

  async #replaceOutdated(): Promise<void> {
    await this.#starting?.catch(() => undefined); // that is `start`'s to say
    try {
      for (const slot of this.#outdated) {
        this.#outdated.delete(slot); // whoever adds it again now means the process that comes
        await this.#replace(slot);
      }
      // Also when the first start has failed, which this waited for: then nothing was replaced.
      if (this.#closing !== undefined) throw new SupervisorClosedError();
      if (this.#isReloading) this.log.log('Reloaded');
    } finally {
      this.#outdated.clear();
      this.#terminated.clear();
      this.#isReloading = false;
      this.#rolling = undefined;
    }
  }

  async #replace(slot: Slot): Promise<void> {
    try {
      await slot.replace();
    } catch (cause) {
      if (this.#closing !== undefined) throw new SupervisorClosedError();
      const error = new ReloadError(slot.label, cause as Error);
      this.log.error(error.message, { code: error.code });
      throw error;
    }
    if (this.#closing !== undefined) throw new SupervisorClosedError();
    if (this.#terminated.delete(slot)) this.log.log(`${slot.label} has been replaced`);
  }
}
