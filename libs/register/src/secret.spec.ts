import { describe, expect, it } from 'vitest';
import { SecretComparer } from './secret.js';

describe('the secret', () => {
  it.each([
    ['s3cret', 's3cret', true],
    ['s3cret', 's3creT', false],
    ['s3cret', 's3cret ', false],
    ['s3cret', 's3cre', false],
    ['s3cret', '', false],
    ['', '', true],
    ['', 'x', false],
    ['Schlüssel', 'Schlüssel', true],
    ['x'.repeat(4_000), 'x'.repeat(4_000), true],
    ['x'.repeat(4_000), 'x'.repeat(3_999), false],
  ])('%j against %j: %s', (secret, announced, expected) => {
    expect(new SecretComparer(secret).matches(Buffer.from(announced))).toBe(expected);
  });

  it('is bytes: what is no UTF-8 does not match its replacement', () => {
    expect(new SecretComparer('\uFFFD').matches(Uint8Array.of(0xff))).toBe(false);
  });
});
