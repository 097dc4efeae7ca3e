import { describe, expect, it } from 'vitest';
import { SecretComparer, secretText } from './secret.js';

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

  it('must fit the frame that a stranger may send', () => {
    expect(secretText('x'.repeat(4_000))).toBeUndefined();
    expect(secretText('ü'.repeat(2_001))).toBe('must be at most 4000 bytes long, and this one has 4002.');
    expect(secretText(undefined)).toBe('must be a string: the same one on every node.');
  });
});
