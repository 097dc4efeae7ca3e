import type { ByteReader, ByteString, ByteWriter, ProtocolError } from '#protocol';
import { fromHex, type GoldenBytes, type GoldenEntry } from './golden-data.js';

/** One golden entry in our words: what to write, what must come out of reading, and what must be refused. */
export interface GoldenCase {
  readonly entry: GoldenEntry;
  readonly payload: Buffer;
  write(writer: ByteWriter): void;
  read(reader: ByteReader): unknown;
  /** What `read` gives for `payload`. */
  readonly value: unknown;
  /** A fault of the original: `write` must throw, and name this argument. */
  readonly refusedArgument?: string;
  /** A fault of the original: `read` must throw with this code. */
  readonly refusedCode?: ProtocolError['code'];
}

export type GoldenInput = Readonly<Record<string, unknown>>;

/** @throws unless the field is there and a number: a typo must not become a 0 that passes. */
export function numberIn(input: GoldenInput, field: string, original?: number): number {
  const value = input[field] ?? original;
  if (typeof value !== 'number') throw new TypeError(`"${field}" of ${JSON.stringify(input)} is no number`);
  return value;
}

export function booleanIn(input: GoldenInput, field: string, original?: boolean): boolean {
  // The original's decoder gives its flags as 0 and 1.
  const value = input[field] ?? original;
  if (value === 0 || value === 1) return value === 1;
  if (typeof value !== 'boolean') throw new TypeError(`"${field}" of ${JSON.stringify(input)} is no boolean`);
  return value;
}

export function textIn(input: GoldenInput, field: string): string {
  const value = input[field];
  if (typeof value !== 'string') throw new TypeError(`"${field}" of ${JSON.stringify(input)} is no string`);
  return value;
}

export function bytesIn(input: GoldenInput, field: string): Buffer {
  return bytesOf(input[field]);
}

export function nameIn(input: GoldenInput, field: string): ByteString {
  return nameOf(input[field]);
}

export function namesIn(input: GoldenInput, field: string): ByteString[] {
  return listIn(input, field).map(nameOf);
}

/** A list, or a map counted from 1 as PHP's `unpack` makes it. */
export function listIn(input: GoldenInput, field: string): unknown[] {
  const value = input[field];
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`"${field}" of ${JSON.stringify(input)} is no list`);
  }
  return Object.values(value);
}

export function phpBytesIn(input: GoldenInput, field: string): Buffer {
  return fromHex(textIn(input, field));
}

export function nameOf(value: unknown): ByteString {
  // One character a byte, made here without the code under test.
  return bytesOf(value).toString('latin1') as ByteString;
}

function bytesOf(value: unknown): Buffer {
  const { hex } = (value ?? {}) as Partial<GoldenBytes>;
  if (typeof hex !== 'string') throw new TypeError(`${JSON.stringify(value)} is no {hex, text}`);
  return fromHex(hex);
}
