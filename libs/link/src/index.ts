export { Backoff, DEFAULT_BACKOFF_OPTIONS, type BackoffOptions } from './backoff.js';
export { Dialer, type DialerHandler } from './dialer.js';
export {
  HandshakeTimeoutError,
  LinkClosedError,
  ListenError,
  SilentPeerError,
  SlowPeerError,
  TooMuchCarriedError,
  UnfinishedFrameError,
} from './errors.js';
export { DialerHandshake, type DialerStep } from './handshake/dialer-handshake.js';
export {
  HandshakeRefusedError,
  HandshakeVersionError,
  PeerRefusedError,
  UnexpectedPeerError,
  UnprovenPeerError,
} from './handshake/errors.js';
export { dialerHandshake, listenerHandshake } from './handshake/handshake-handlers.js';
export { ListenerHandshake, type ListenerStep } from './handshake/listener-handshake.js';
export { isNoSecret, secretsOf, secretOption, type Secret } from './handshake/secrets.js';
export {
  LINK_FEATURES,
  type DialerTerms,
  type HandshakeHandler,
  type HandshakeTerms,
  type ListenerTerms,
} from './handshake/terms.js';
export type { NodeRole, PeerIdentity, Refusal } from '#protocol';
export { DEFAULT_LINK_OPTIONS, resolveLinkOptions, type LinkOptions } from './link-options.js';
export { LinkServer } from './link-server.js';
export { LINK_TRANSITIONS, type LinkState } from './link-state.js';
export { Link, type LinkHandler } from './link.js';
export { LogThrottle } from './log-throttle.js';
export { silentLog, type LogFacts, type NodeLog } from './node-log.js';
export type { RetainedChunks } from './retained-chunks.js';
export { SharedReader, type ChunkHandler } from './shared-read.js';
