import type { ByteString } from '#protocol';
import type { GatewayStats } from '../gateway-stats.js';

const MAX_NAME_BYTES = 255;

/** A name that no list could hold and no send could reach is not taken: its length byte would wrap into another name. */
export function isTooLong(name: ByteString, stats: GatewayStats): boolean {
  if (name.length <= MAX_NAME_BYTES) return false;
  stats.namesTooLong++;
  return true;
}
