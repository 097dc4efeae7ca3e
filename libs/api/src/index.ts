// What an application that only talks to clients needs of the protocol, so that it need not know that room.
export { formatAddress, NestwireError, type ClientId, type NodeAddress } from '#protocol';

export {
  API_OPTION_NAMES,
  DEFAULT_API_OPTIONS,
  resolveApiOptions,
  type GatewayApiOptions,
} from './api-options.js';
export type {
  ClientListOptions,
  CloseClientOptions,
  MessageOptions,
  PagedClientListOptions,
  SendOptions,
  UidCountOptions,
} from './call-options.js';
export {
  decodeSession,
  type ClientInfo,
  type ClientInfoField,
  type SessionData,
  type UsualClientInfoField,
} from './client-info.js';
export {
  ApiClosedError,
  FlushTimeoutError,
  GatewayCongestedError,
  GatewayListedTwiceError,
  GatewayLostError,
  GatewayReplacedError,
  GatewayUnavailableError,
  HeldCallsOverflowError,
  NoRegisterError,
  OverdueReplyError,
  PartialResultError,
  QuestionFailedError,
  QuestionTimeoutError,
  SinkTakenError,
} from './errors.js';
export {
  NO_SEQUENCE,
  type EventPort,
  type EventSink,
  type EventSource,
  type SessionWrite,
  type SinkTerms,
} from './event-port.js';
export {
  GatewayApiModule,
  SESSION_CODEC,
  type GatewayApiModuleAsyncOptions,
  type GatewayApiModuleOptions,
} from './gateway-api.module.js';
export { GatewayApi } from './gateway-api.js';
export { GatewayPool } from './gateway-pool.js';
export type { PoolCounters } from './pool-counters.js';
export type { GatewayNews } from './pool-news.js';
export {
  DEFAULT_POOL_OPTIONS,
  type GatewayLinkOptions,
  type GatewayProtocol,
  type PoolOptions,
} from './pool-options.js';
export type { GatewayAnswer } from './raw-calls.js';
export type { GatewayTarget, RequestArguments } from './raw-command.js';
// What the worker shares with this room, and with the link below it.
export { within } from './within.js';
export { LogThrottle } from '#link';
