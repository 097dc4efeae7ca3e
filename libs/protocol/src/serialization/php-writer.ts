import { isUtf8 } from 'node:buffer';
import { serialize } from 'php-serialize';
import { ValueWriter } from './value-writer.js';
import type { Entry, Scalar } from './value-writer.js';

/**
 * A value as PHP's serialize() would write it. php-serialize writes the scalars; floats, bytes and keys are
 * ours, because it writes `d:1E+25;`, counts binary strings wrong, and makes strings of integer keys.
 */
export function writePhp(value: unknown): Buffer {
  return new PhpWriter().write(value);
}

/** A float as PHP writes it: the shortest digits that read back the same, with an exponent below 1E-4 and from 1E+17. */
export function phpFloat(value: number): string {
  if (Number.isNaN(value)) return 'NAN';
  if (!Number.isFinite(value)) return value > 0 ? 'INF' : '-INF';
  if (Object.is(value, -0)) return '-0';
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e17)) return String(value);
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${exponent}`;
}

/** An integer in the one spelling that PHP makes an integer key of: `-5` is, `-0`, `05` and `+5` are not. */
function isIntKey(key: string): boolean {
  return /^(?:0|-?[1-9]\d{0,18})$/.test(key) && isInt64(BigInt(key));
}

function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** The bytes of a key that is not UTF-8, from the spelling that the reader gives it; undefined if it is none. */
function keyBytes(key: string): Buffer | undefined {
  if (!/^[\0-\x7f\udc80-\udcff]*$/.test(key)) return undefined;
  const bytes = Buffer.from(key, 'latin1'); // takes the low byte of each character
  return isUtf8(bytes) ? undefined : bytes;
}

class PhpWriter extends ValueWriter {
  readonly #parts: Buffer[] = [];
  /** What comes after the parts. Kept as text as long as no raw bytes come between. */
  #text = '';

  write(value: unknown): Buffer {
    this.writeRoot(value);
    this.#flush();
    return Buffer.concat(this.#parts);
  }

  protected override writeScalar(value: Scalar): void {
    if (typeof value === 'string') this.#checkText(value);
    if (typeof value === 'bigint' && !isInt64(value)) {
      this.refuse('is beyond 64 bits, which no PHP integer is: write String(value)');
    }
    const isFloat = typeof value === 'number' && (!Number.isSafeInteger(value) || Object.is(value, -0));
    this.#text += isFloat ? `d:${phpFloat(value)};` : serialize(value);
  }

  protected override writeBytes(value: Uint8Array): void {
    this.#text += `s:${value.length}:"`;
    this.#flush();
    this.#parts.push(Buffer.from(value));
    this.#text += '";';
  }

  protected override writeList(items: readonly unknown[]): void {
    this.#text += `a:${items.length}:{`;
    for (const [index, item] of items.entries()) {
      this.#text += `i:${index};`;
      this.writeItem(index, item);
    }
    this.#text += '}';
  }

  protected override writeRecord(entries: readonly Entry[]): void {
    this.#text += `a:${entries.length}:{`;
    for (const [key, item] of entries) {
      this.#writeKey(key);
      this.writeItem(key, item);
    }
    this.#text += '}';
  }

  #writeKey(key: string): void {
    const bytes = keyBytes(key);
    if (bytes !== undefined) return this.writeBytes(bytes);
    if (isIntKey(key)) {
      this.#text += `i:${key};`;
      return;
    }
    this.#checkText(key);
    this.#text += serialize(key);
  }

  #checkText(text: string): void {
    if (!/\p{Surrogate}/u.test(text)) return;
    this.refuse('holds half a surrogate pair, which UTF-8 cannot say: write text.toWellFormed()');
  }

  #flush(): void {
    if (this.#text !== '') this.#parts.push(Buffer.from(this.#text));
    this.#text = '';
  }
}
