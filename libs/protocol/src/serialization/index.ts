export { sessionCodecOf } from './codec-of.js';
export { jsonSessionCodec } from './json-codec.js';
export { phpSessionCodec } from './php-codec.js';
export { MAX_NESTING } from './session-codec.js';
export type { SessionCodec, SessionValue } from './session-codec.js';
