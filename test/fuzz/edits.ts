import { MAX_INPUT_BYTES } from './contract.js';

/** One change to an input. Positions are taken modulo what is there, so that every edit fits every input. */
export type Edit =
  | { readonly kind: 'set'; readonly at: number; readonly byte: number }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'add'; readonly at: number; readonly delta: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'overwrite'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly at: number; readonly count: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly count: number; readonly times: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'number'; readonly at: number; readonly width: 1 | 2 | 4; readonly value: number };

/** Lengths and counts where things go wrong. */
export const ODD_NUMBERS: readonly number[] = [
  0, 1, 2, 7, 8, 9, 16, 125, 126, 127, 128, 254, 255, 256, 1000, 1001, 4096, 4097, 0x7fff, 0x8000, 0xffff,
  0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];

export function edited(input: Buffer, edits: readonly Edit[]): Buffer {
  const bytes = edits.reduce(apply, Buffer.from(input));
  return bytes.length <= MAX_INPUT_BYTES ? bytes : bytes.subarray(0, MAX_INPUT_BYTES);
}

function apply(bytes: Buffer, edit: Edit): Buffer {
  const { length } = bytes;
  const at = edit.at % (length + 1);
  switch (edit.kind) {
    case 'insert':
      return Buffer.concat([bytes.subarray(0, at), edit.bytes, bytes.subarray(at)]);
    case 'overwrite':
      return Buffer.concat([bytes.subarray(0, at), edit.bytes, bytes.subarray(at + edit.bytes.length)]);
    case 'remove':
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + edit.count)]);
    case 'repeat': {
      const part = bytes.subarray(at, at + edit.count);
      const copies = Array.from({ length: edit.times }, () => part);
      return Buffer.concat([bytes.subarray(0, at), ...copies, bytes.subarray(at)]);
    }
    case 'cut':
      return bytes.subarray(0, at);
    case 'set':
      if (at < length) bytes[at] = edit.byte;
      return bytes;
    case 'flip':
      if (at < length) bytes[at]! ^= 1 << edit.bit;
      return bytes;
    case 'add':
      if (at < length) bytes[at]! += edit.delta;
      return bytes;
    case 'number': {
      const { width, value } = edit;
      if (at + width <= length) bytes.writeUIntBE(value % 2 ** (8 * width), at, width);
      return bytes;
    }
  }
}
