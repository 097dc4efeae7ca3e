import { join } from 'node:path';
import type { ProcessProbe } from '../app/probe.js';
import type { WorkerSettings } from '../app/worker/settings.js';
import type { WorkerProbe } from '../app/worker/worker-probe.js';
import { nowMs } from './absences.js';
import { ScenarioProcess } from './scenario-process.js';

/** One life of a worker, and where it wrote down what it saw. */
export class WorkerLife extends ScenarioProcess {
  readonly journal: string;
  /** On the clock that all processes share: it lived until then at least. */
  killedAtMs: number | undefined;

  constructor(settings: WorkerSettings, variables: Readonly<Record<string, string>>) {
    super(settings.name, 'test/faults/app/worker/main.js', variables, JSON.stringify(settings));
    this.journal = settings.journal;
  }

  override async kill(): Promise<void> {
    this.killedAtMs ??= nowMs();
    await super.kill();
  }

  /** What it says of itself. */
  async probe(): Promise<ProcessProbe & WorkerProbe> {
    return this.probed<WorkerProbe>();
  }
}

export interface SlotSetup {
  readonly folder: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly settings: Pick<WorkerSettings, 'seed' | 'slowestMs' | 'options'>;
}

/** The place of one worker in a cluster, which one process after the other takes. */
export class WorkerSlot {
  readonly lives: WorkerLife[] = [];

  constructor(
    readonly number: number,
    private readonly setup: SlotSetup,
  ) {}

  /** The life that was begun last. */
  get present(): WorkerLife {
    return this.lives.at(-1)!;
  }

  async start(): Promise<void> {
    await this.#launch().ready();
  }

  /** As a deploy does it: the new one works before the old one is told to stop. Either may be killed meanwhile. */
  async roll(): Promise<void> {
    const old = this.present;
    await started(this.#launch());
    if (old.isRunning) await old.stop();
  }

  /** As a crash with a supervisor that starts the next one. @param life one of this place, the present one or one that is being rolled */
  async crash(life: WorkerLife = this.present): Promise<void> {
    await life.kill();
    if (life === this.present) await started(this.#launch());
  }

  #launch(): WorkerLife {
    const name = `worker ${this.number}.${this.lives.length + 1}`;
    const journal = join(this.setup.folder, `${name.replaceAll(/\W/g, '-')}.journal`);
    const life = new WorkerLife({ name, journal, ...this.setup.settings }, this.setup.variables);
    this.lives.push(life);
    life.launch();
    return life;
  }
}

/** It works, or was killed before it did. */
async function started(life: WorkerLife): Promise<void> {
  try {
    await life.ready();
  } catch (error) {
    if (life.fate !== 'killed') throw error;
  }
}
