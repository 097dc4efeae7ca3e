import { nowUs } from '../app/clock.js';
import type { JudgedLife } from './journals.js';

/**
 * A time in which a worker is lost to one gateway, or to all: what its handlers do then has no effect and says nothing.
 */
export interface Absence {
  readonly isOf: (life: JudgedLife) => boolean;
  /** Where clients find the gateway that lost it; undefined for all. */
  readonly gatewayUrl?: string;
  readonly fromMs: number;
  /** Undefined when it does not come back. */
  readonly untilMs?: number;
}

export interface LostTime {
  readonly fromMs: number;
  readonly untilMs: number | undefined;
}

/** The times of these absences in their order, those that overlap as one: who is lost again before he is back was lost all the time. */
export function disjoint(absences: readonly Absence[]): readonly LostTime[] {
  const times: { fromMs: number; untilMs: number | undefined }[] = [];
  for (const { fromMs, untilMs } of [...absences].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = times.at(-1);
    if (last === undefined || (last.untilMs !== undefined && last.untilMs < fromMs)) {
      times.push({ fromMs, untilMs });
    } else if (last.untilMs !== undefined) {
      last.untilMs = untilMs === undefined ? undefined : Math.max(last.untilMs, untilMs);
    }
  }
  return times;
}

/** On the clock that all processes share. */
export function nowMs(): number {
  return nowUs() / 1_000;
}
