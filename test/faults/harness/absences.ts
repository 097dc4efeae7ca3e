import { nowUs } from '../app/clock.js';
import type { JudgedLife } from './journals.js';

/**
 * A time in which a worker is lost to one gateway, or to all: what its handlers do then has no effect and says nothing. The end may be later
 * than the true one, which nobody knows from outside.
 */
export interface Absence {
  readonly isOf: (life: JudgedLife) => boolean;
  /** Where clients find the gateway that lost it; undefined for all. */
  readonly gatewayUrl?: string;
  readonly fromMs: number;
  /** Undefined when it does not come back. */
  readonly untilMs?: number;
}

/** On the clock that all processes share. */
export function nowMs(): number {
  return nowUs() / 1_000;
}
