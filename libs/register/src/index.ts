export type { Announcement } from './client-side.js';
export { nodeName } from './node-name.js';
export {
  GatewayAnnouncer,
  type AnnouncedGateway,
  type GatewayAnnouncerOptions,
} from './gateway-announcer.js';
export type { RegisterProtocol } from './gateway-entries.js';
export { StaticMembership, type Membership, type MembershipListener } from './membership.js';
export { RegisterRefusedError, type RefusalReason } from './refusal.js';
export {
  DEFAULT_REGISTER_CLIENT_OPTIONS,
  type GivenRegisterClientOptions,
  type RegisterClientOptions,
} from './register-client-options.js';
export { RegisterClient } from './register-client.js';
export { RegisterMembership } from './register-membership.js';
export { DEFAULT_REGISTER_OPTIONS, type RegisterOptions } from './register-options.js';
export { RegisterServer, type RegisterObserver, type RegisterStats } from './register-server.js';
export {
  RegisterModule,
  type RegisterModuleAsyncOptions,
  type RegisterModuleOptions,
} from './register.module.js';
export { RegisterStrategy, type RegisterEvents, type RegisterStatus } from './register.strategy.js';
