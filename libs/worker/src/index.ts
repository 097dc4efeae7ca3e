export { Ctx, Payload } from '@nestjs/microservices';

export { ClientContext } from './context/client-context.js';
export { ClientEventContext } from './context/client-event-context.js';
export type { ClientSession } from './context/client-session.js';
export type { Envelope } from './context/envelope.js';
export {
  ClientHandlers,
  DEFAULT_CLIENT_HANDLERS_OPTIONS,
  type ClientHandlersOptions,
} from './decorators/client-handlers.decorator.js';
export {
  OnClose,
  OnConnect,
  OnGatewayLost,
  OnMessage,
  OnWorkerStart,
  OnWorkerStop,
  type HandlerDecorator,
} from './decorators/handler.decorators.js';
export { Client, Session } from './decorators/param.decorators.js';
export type { ReplyPort } from './dispatch/reply-port.js';
export { HandlerExplorer } from './explore/handler-explorer.js';
export { REPLY_ERRORS, type ReplyError } from './dispatch/reply-error.js';
export {
  AsyncValidatorError,
  InvalidHandlerError,
  MalformedEventError,
  MissingPackageError,
} from './errors.js';
export type { SyncValidationPipeOptions } from './validation/sync-validation-options.js';
export { SyncValidationPipe } from './validation/sync-validation.pipe.js';
export type { SyncValidatorPackage } from './validation/validation-packages.js';
export { DEFAULT_WORKER_OPTIONS, type WorkerOptions } from './worker-options.js';
export type { WorkerStats } from './worker-stats.js';
export { WorkerModule, type WorkerModuleAsyncOptions, type WorkerModuleOptions } from './worker.module.js';
export {
  WORKER_TRANSPORT,
  WorkerStrategy,
  type WorkerEvents,
  type WorkerState,
  type WorkerStrategyParts,
} from './worker.strategy.js';
