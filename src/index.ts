// The front door: everything that `import … from 'nestwire'` gives, and nothing else.

// Workers: handler classes.
export {
  Client,
  ClientContext,
  ClientEventContext,
  ClientHandlers,
  Ctx,
  InvalidHandlerError,
  OnClose,
  OnConnect,
  OnMessage,
  OnWorkerStart,
  OnWorkerStop,
  Payload,
  Session,
  WorkerModule,
  WorkerStrategy,
  type ClientHandlersOptions,
  type ClientSession,
  type Envelope,
  type ReplyError,
  type WorkerOptions,
  type WorkerStats,
} from '#worker';

// Talking to clients, from a worker or any other Nest application.
export {
  GatewayApi,
  GatewayApiModule,
  GatewayPool,
  GatewayUnavailableError,
  PartialResultError,
  type ClientInfo,
  type ClientInfoField,
  type SendOptions,
} from '#api';

// Gateways, and the application's own commands inside them.
export {
  Gateway,
  GatewayModule,
  GatewayStats,
  GatewayStrategy,
  rendezvousRouter,
  type ClientView,
  type CommandPort,
  type CustomCommand,
  type GatewayOptions,
  type TableObserver,
  type WorkerLink,
  type WorkerRouter,
} from '#gateway';

// The register, and where gateways are known from.
export {
  RegisterModule,
  RegisterServer,
  RegisterStrategy,
  StaticMembership,
  type Membership,
  type RegisterOptions,
} from '#register';

// What all of them share.
export {
  CloseCode,
  COMMANDS,
  defineCommand,
  defineQuestion,
  InvalidArgumentError,
  InvalidOptionError,
  jsonCodec,
  NestwireError,
  ProtocolError,
  type ClientId,
  type ClientKind,
  type Codec,
  type Command,
  type NestwireErrorCode,
  type NodeAddress,
  type Payload as MessagePayload,
  type Question,
  type UpgradeRequest,
} from '#protocol';
export {
  HandshakeTimeoutError,
  LinkClosedError,
  ListenError,
  SilentPeerError,
  SlowPeerError,
  type NodeLog,
} from '#link';
