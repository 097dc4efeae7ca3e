import { inspect } from 'node:util';
import { LogThrottle, type NodeLog } from '#link';
import type { GatewayStats } from '../gateway-stats.js';
import { rendezvousRouter, type WorkerRouter } from './worker-router.js';

/**
 * The application's router, so wrapped that a choice that it throws on, or that is none of the workers, is made by the rendezvous
 * router, counted and logged: the client keeps being served.
 */
export function guardedRouter(router: WorkerRouter, stats: GatewayStats, log: NodeLog): WorkerRouter {
  if (router === rendezvousRouter) return router;
  const throttle = new LogThrottle();
  const onFailed = (kind: string, problem: string): void => {
    stats.routerFailures++;
    throttle.run(kind, (remark) =>
      log.error(`"choose" of the gateway's router ${problem}; the rendezvous router chose instead${remark}`),
    );
  };
  return {
    choose(connection, workers) {
      try {
        const chosen = router.choose(connection, workers);
        if (workers.includes(chosen)) return chosen;
        // An async `choose` compiles where types are not checked; its rejection must not end the process either.
        if ((chosen as unknown) instanceof Promise)
          (chosen as unknown as Promise<unknown>).catch(() => undefined);
        onFailed('other', `returned none of the ${workers.length} workers that it was given`);
      } catch (error) {
        onFailed('thrown', `failed: ${inspect(error)}`);
      }
      return rendezvousRouter.choose(connection, workers);
    },
  };
}
