import { hostname } from 'node:os';
import type { OptionCheck } from '#protocol';

const MAX_NAME_BYTES = 255;

/** What other nodes' logs call this process unless it is told a name. */
export function nodeName(): string {
  return `${hostname().slice(0, 200)}/${process.pid}`;
}

export const nodeNameOption: OptionCheck = (value) =>
  typeof value === 'string' && Buffer.byteLength(value) <= MAX_NAME_BYTES
    ? undefined
    : `must be a string of at most ${MAX_NAME_BYTES} bytes.`;
