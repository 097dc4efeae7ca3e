import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { OptionCheck } from '#protocol';

/** With code, address and header an announcement still fits the 4 KiB that a register takes from a stranger. */
const MAX_SECRET_BYTES = 4_000;

export const secretText: OptionCheck = (value) => {
  if (typeof value !== 'string') return 'must be a string: the same one on every node.';
  const bytes = Buffer.byteLength(value);
  return bytes <= MAX_SECRET_BYTES
    ? undefined
    : `must be at most ${MAX_SECRET_BYTES} bytes long, and this one has ${bytes}.`;
};

/**
 * Compares what a peer announced with our secret in a time that tells nothing about where they differ, nor about
 * our length: both are digested under a key that nobody outside this process knows.
 */
export class SecretComparer {
  readonly #key = randomBytes(32);
  readonly #expected: Buffer;

  constructor(secret: string) {
    this.#expected = this.#digest(Buffer.from(secret, 'utf8'));
  }

  matches(announced: Uint8Array): boolean {
    return timingSafeEqual(this.#digest(announced), this.#expected);
  }

  #digest(secret: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(secret).digest();
  }
}
