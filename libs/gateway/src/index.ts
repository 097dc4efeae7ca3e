export type { ClientView, CommandPort, CustomCommand } from './commands/custom-command.js';
export { Connection, CONNECTION_TRANSITIONS, type ConnectionState } from './connection/connection.js';
export { ConnectionTable } from './connection/connection-table.js';
export type { TableObserver } from './connection/table-observer.js';
export type { Transport } from './connection/transport.js';
export type { WhenSlow } from './connection/when-slow.js';
export type { WhenThrottled } from './connection/when-throttled.js';
export { DEFAULT_GATEWAY_OPTIONS, type GatewayOptions, type LanLinkOptions } from './gateway-options.js';
export { GatewayStats } from './gateway-stats.js';
export { Gateway } from './gateway.js';
export {
  GatewayModule,
  type GatewayModuleAsyncOptions,
  type GatewayModuleOptions,
  type GatewayModuleSettings,
} from './gateway.module.js';
export { GatewayStrategy, type GatewayNodeEvents, type GatewayStatus } from './gateway.strategy.js';
export {
  parseListenerUrl,
  type ListenerOptions,
  type TcpFrame,
  type WsMessageKind,
} from './listener/listener-url.js';
export { resolveGatewayOptions, type ResolvedGatewayOptions } from './resolve-gateway-options.js';
export type { WorkerLink } from './workers/worker-link.js';
export { rendezvousRouter, type WorkerRouter } from './workers/worker-router.js';

// What runs commands on a table without any sockets: for the testing room.
export type { CommandContext } from './commands/executor.js';
export { EXECUTORS } from './commands/index.js';
export { sendToUid } from './commands/send.commands.js';
export { SessionLimit } from './commands/session-limit.js';
export { TableCommandPort } from './commands/table-command-port.js';
export { Delivery } from './connection/delivery.js';
export { InSteps } from './connection/in-steps.js';
export type { OutgoingMessage } from './connection/outgoing-message.js';
export { upgradeRequestOf } from './listener/upgrade-request.js';
