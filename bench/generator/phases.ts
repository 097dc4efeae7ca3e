import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_EVERY_MS = 5;

/** Lets a run end early, with the figures so far, when it is interrupted. */
export class Phases {
  constructor(private readonly interrupted: AbortSignal = new AbortController().signal) {}

  get isInterrupted(): boolean {
    return this.interrupted.aborted;
  }

  async last(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.interrupted }).catch(() => undefined);
  }

  /** @returns true when it came about, false when the time was up */
  async until(isReached: () => boolean, timeoutMs: number): Promise<boolean> {
    const endMs = performance.now() + timeoutMs;
    while (!isReached()) {
      if (performance.now() >= endMs || this.isInterrupted) return false;
      await this.last(LOOK_EVERY_MS);
    }
    return true;
  }
}
