import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { labelOf, type ProcessPlace } from '../process-place.js';
import { Supervisor } from '../supervisor.js';
import type { ProcessGroupOptions, SupervisorOptions } from '../supervisor-options.js';

const PATIENCE_MS = 15_000;

export type Behaviour = 'good' | 'asking' | 'failing' | 'silent' | 'plain' | 'stubborn';

/** A supervisor in this process, with real children, and all that is seen of them. */
export class Stage {
  readonly lines: string[] = [];
  /** The codes of the errors that were logged. */
  readonly codes: unknown[] = [];
  /** The processes that became ready, in order. */
  readonly pids: number[] = [];
  /** How processes live that are forked from now on. */
  behaviour: (label: string) => Behaviour = () => 'good';
  readonly supervisor: Supervisor;
  readonly #journal: string;
  readonly #onNews = new Set<() => void>();

  constructor(
    groups: readonly Partial<ProcessGroupOptions>[],
    options: Partial<Omit<SupervisorOptions, 'groups'>> = {},
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'nestwire-supervisor-'));
    this.#journal = join(folder, 'journal');
    writeFileSync(this.#journal, '');
    const take = (line: string): void => this.#seen(() => this.lines.push(line));
    this.supervisor = new Supervisor(
      { minRestartDelayMs: 50, ...options, groups: groups.map((group) => this.#acted(group)) },
      {
        log: take,
        warn: take,
        error: (line, facts) => {
          this.codes.push(facts?.['code']);
          take(line);
        },
      },
    );
    onTestFinished(async () => {
      await this.supervisor.close();
      rmSync(folder, { recursive: true });
    });
  }

  /** What the processes did, in order. */
  get journal(): readonly string[] {
    return readFileSync(this.#journal, 'utf8').split('\n').slice(0, -1);
  }

  /** Who did so, in order. */
  doers(deed: string): readonly string[] {
    return this.journal
      .filter((line) => line.endsWith(` ${deed}`))
      .map((line) => line.slice(0, -deed.length - 1));
  }

  /** Resolves when so many processes have become ready, since the beginning. */
  ready(count: number): Promise<void> {
    return this.until(() => this.pids.length >= count, `${count} processes that were ready`);
  }

  said(pattern: RegExp): Promise<void> {
    return this.until(() => this.lines.some((line) => pattern.test(line)), String(pattern));
  }

  /** Looks at each line of the log and at each process that is ready. */
  async until(condition: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#onNews.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#onNews.delete(look);
        reject(new Error(`There was no ${what} in:\n${[...this.lines, ...this.journal].join('\n')}`));
      }, PATIENCE_MS);
      this.#onNews.add(look);
      look();
    });
  }

  #acted(group: Partial<ProcessGroupOptions>): Partial<ProcessGroupOptions> {
    return {
      file: new URL('./child.mjs', import.meta.url).href,
      environmentOf: (place: ProcessPlace) => ({
        JOURNAL: this.#journal,
        PLACE: labelOf(place),
        BEHAVIOUR: this.behaviour(labelOf(place)),
      }),
      onReady: (_, facts) => this.#seen(() => this.pids.push((facts as { pid: number }).pid)),
      ...group,
    };
  }

  #seen(add: () => void): void {
    add();
    for (const look of this.#onNews) look();
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
