import { ProtocolError } from '../errors.js';

/** The same memory as a Buffer. */
export function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The parts as one buffer with memory of its own. Sessions live as long as their connections: from Node's
 * pool, each could hold on to 8 KiB for the sake of a few bytes.
 */
export function joinOwned(parts: readonly Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  const joined = Buffer.allocUnsafeSlow(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function malformed(format: 'JSON' | 'PHP', problem: string, at: number): ProtocolError {
  return new ProtocolError(
    'ERR_NESTWIRE_SERIALIZATION',
    `Not a well-formed ${format} session: ${problem} at byte ${at}`,
  );
}
