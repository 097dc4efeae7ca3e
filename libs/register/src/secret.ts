import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

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
