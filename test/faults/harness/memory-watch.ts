import type { ScenarioProcess } from './scenario-process.js';

const SAMPLE_MS = 100;

/** Looks at the memory that processes take until it is told to stop. */
export class MemoryWatch {
  readonly #before: readonly number[];
  readonly #highest: number[];
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly processes: readonly ScenarioProcess[]) {
    this.#before = this.#sample();
    this.#highest = [...this.#before];
    this.#timer = setInterval(() => {
      this.#sample().forEach((bytes, at) => (this.#highest[at] = Math.max(this.#highest[at]!, bytes)));
    }, SAMPLE_MS);
  }

  /** @returns by how much the memory of each was above what it was at first, at its highest and now */
  stop(): { readonly growthBytes: readonly number[]; readonly leftBytes: readonly number[] } {
    clearInterval(this.#timer);
    const now = this.#sample();
    return {
      growthBytes: this.#highest.map((bytes, at) => bytes - this.#before[at]!),
      leftBytes: now.map((bytes, at) => bytes - this.#before[at]!),
    };
  }

  #sample(): number[] {
    return this.processes.map(({ residentBytes }) => residentBytes);
  }
}
