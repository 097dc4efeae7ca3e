import { GatewayStats } from '#gateway';
import { RegisterServer } from '#register';
import { noCounts } from '../../libs/api/src/pool-counters.js';
import { zeroCounters } from '../../libs/worker/src/worker-stats.js';

/** What each kind of node counts, by the words under which docs/errors.md lists it. */
export const COUNTERS: readonly { readonly heading: string; readonly names: readonly string[] }[] = [
  { heading: 'Of a gateway', names: Object.keys(new GatewayStats()) },
  {
    heading: 'Of a worker',
    names: [...Object.keys(zeroCounters()), 'waitingEvents', 'waitingBytes', 'overlaidSessions'],
  },
  { heading: 'Of whoever calls', names: Object.keys(noCounts()) },
  { heading: 'Of a register', names: Object.keys(new RegisterServer().stats) },
];
