import type { Connection } from '../connection/connection.js';
import type { WorkerLink } from './worker-link.js';

/**
 * Decides which worker gets a client's events. Asked once a client; again when its worker went, and, once the client has been quiet
 * for `moveAfterQuietMs`, when any worker came or went. A choice that throws, or that is none of the workers given, is counted
 * (`routerFailures`), logged, and made by the rendezvous router instead.
 */
export interface WorkerRouter {
  /** @param workers never empty, in the order in which they came */
  choose(connection: Connection, workers: readonly WorkerLink[]): WorkerLink;
}

/**
 * The same client always goes to the same worker, and a worker that comes or goes moves its share of the clients only:
 * each pair gets a number that depends on nothing else, and the highest wins (rendezvous hashing).
 */
export const rendezvousRouter: WorkerRouter = {
  choose(connection, workers) {
    let best = workers[0]!;
    let highest = -1;
    for (const worker of workers) {
      const weight = mix(connection.id, worker.id);
      if (weight > highest) [best, highest] = [worker, weight];
    }
    return best;
  },
};

/** The finalizer of MurmurHash3 over both numbers: every bit of either changes about half of the result. */
function mix(a: number, b: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
