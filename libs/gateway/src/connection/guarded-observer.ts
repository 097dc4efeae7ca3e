import { inspect } from 'node:util';
import { LogThrottle, type NodeLog } from '#link';
import { callForeign } from '../foreign-call.js';
import type { GatewayStats } from '../gateway-stats.js';
import type { TableObserver } from './table-observer.js';

const NAMES = ['opened', 'closed', 'bound', 'unbound', 'joined', 'left'] as const;

/**
 * The application's observer, so wrapped that what it throws is counted and logged, and goes no further: the change that it was told
 * of has happened. Methods that it does not have stay absent, so that nobody who listens costs nothing.
 */
export function guardedObserver(observer: TableObserver, stats: GatewayStats, log: NodeLog): TableObserver {
  const throttle = new LogThrottle();
  const guarded: Partial<Record<(typeof NAMES)[number], (...told: never[]) => void>> = {};
  for (const name of NAMES) {
    if (observer[name] === undefined) continue;
    const onFailed = (error: unknown): void => {
      stats.observerFailures++;
      throttle.run(name, (remark) =>
        log.error(`"${name}" of the gateway's observer failed: ${inspect(error)}${remark}`),
      );
    };
    guarded[name] = (...told) =>
      callForeign(() => Reflect.apply(observer[name] as () => unknown, observer, told), onFailed);
  }
  return guarded;
}
