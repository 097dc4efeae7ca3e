import { jsonSessionCodec } from './json-codec.js';
import { phpSessionCodec } from './php-codec.js';
import type { SessionCodec } from './session-codec.js';

/** The codec that an option `serialization` names. */
export function sessionCodecOf(serialization: SessionCodec['name']): SessionCodec {
  return serialization === 'php' ? phpSessionCodec : jsonSessionCodec;
}
