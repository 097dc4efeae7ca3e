import { setTimeout as delay } from 'node:timers/promises';
import { ClusterTimeoutError } from './errors.js';

const PATIENCE_MS = 15_000;
const LOOK_EVERY_MS = 2;

/** @throws ClusterTimeoutError */
export async function until(what: () => string, condition: () => boolean): Promise<void> {
  const giveUpMs = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > giveUpMs) throw new ClusterTimeoutError(PATIENCE_MS, what());
    await delay(LOOK_EVERY_MS);
  }
}
