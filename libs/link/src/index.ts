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
export { DEFAULT_LINK_OPTIONS, resolveLinkOptions, type LinkOptions } from './link-options.js';
export { LinkServer } from './link-server.js';
export { LINK_TRANSITIONS, type LinkState } from './link-state.js';
export { Link, type LinkHandler } from './link.js';
export { LogThrottle } from './log-throttle.js';
export { silentLog, type LogFacts, type NodeLog } from './node-log.js';
export { SharedReader, type ChunkHandler } from './shared-read.js';
