import type { NodeLog } from '#link';
import type { CommandDispatcher } from '../commands/command-dispatcher.js';
import type { GatewayStats } from '../gateway-stats.js';
import type { ResolvedGatewayOptions } from '../resolve-gateway-options.js';
import type { EventSender } from '../workers/event-sender.js';
import type { WorkerPool } from '../workers/worker-pool.js';

/** What the talk on the LAN port is about. */
export interface LanParts {
  readonly options: ResolvedGatewayOptions;
  readonly workers: WorkerPool;
  readonly events: EventSender;
  readonly commands: CommandDispatcher;
  readonly stats: GatewayStats;
  readonly log: NodeLog;
}
