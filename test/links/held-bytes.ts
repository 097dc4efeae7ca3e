import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

/** Lets go, now, of everything to which nobody refers. */
export const collectGarbage = runInNewContext('gc') as () => void;

/** What this process holds after a collection. */
export async function heldBytes(): Promise<number> {
  // Sockets that have closed are let go of a turn later, and buffers at the second look.
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await sleep(20);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
