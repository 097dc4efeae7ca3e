import { maskAt } from './client-frames.js';

/** A message carries a 32-bit number as this many lower-case hex digits. */
export const DIGITS = 8;
const HEX = '0123456789abcdef';
const NO_DIGIT = 0xff;

/** `[offset in the mask key × 16 + nibble]`: the digit as it stands in a masked payload. */
const MASKED_DIGITS = new Uint8Array(4 * 16);
const VALUES = new Uint8Array(256).fill(NO_DIGIT);
for (let nibble = 0; nibble < 16; nibble++) {
  const digit = HEX.charCodeAt(nibble);
  for (let offset = 0; offset < 4; offset++) MASKED_DIGITS[offset * 16 + nibble] = digit ^ maskAt(offset);
  VALUES[digit] = nibble;
  VALUES[HEX.toUpperCase().charCodeAt(nibble)] = nibble;
}

/**
 * Puts the digits into a masked frame.
 * @param at where they stand in `frame`
 * @param offset where they stand in its payload: it decides by which bytes of the key they are masked
 */
export function putMaskedDigits(frame: Uint8Array, at: number, offset: number, value: number): void {
  for (let i = 0, shift = 28; i < DIGITS; i++, shift -= 4) {
    frame[at + i] = MASKED_DIGITS[(((offset + i) & 3) << 4) | ((value >>> shift) & 15)]!;
  }
}

/** @returns -1 when these are not all hex digits */
export function readDigits(bytes: Uint8Array, at: number): number {
  let value = 0;
  let seen = 0;
  for (let i = 0; i < DIGITS; i++) {
    const nibble = VALUES[bytes[at + i]!]!;
    seen |= nibble;
    value = (value << 4) | (nibble & 15);
  }
  return seen > 15 ? -1 : value >>> 0;
}
