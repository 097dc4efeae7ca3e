/** From here on words are worth the view that they need. */
const LEAST_WORD_BYTES = 32;
/** What a process keeps of what it has read last: at most so much, once. */
const MOST_KEPT_BYTES = 256 * 1024;
const IS_LITTLE_ENDIAN = new Uint8Array(Int32Array.of(1).buffer)[0] === 1;

/** A view costs as much as 100 bytes to unmask, and one buffer holds hundreds of frames: that of the last one is kept. */
let keptWords = new Int32Array(0);

/**
 * Unmasks the payload of a client's frame where it lies, with the four bytes before it. Returns all its bytes or'ed, perhaps four side
 * by side: some bit of `NOT_ASCII` is set when some byte is not ASCII.
 */
export function unmask(bytes: Buffer, start: number, end: number): number {
  const mask =
    bytes[start - 4]! | (bytes[start - 3]! << 8) | (bytes[start - 2]! << 16) | (bytes[start - 1]! << 24);
  return IS_LITTLE_ENDIAN && end - start >= LEAST_WORD_BYTES
    ? unmaskWords(bytes, start, end, mask)
    : unmaskBytes(bytes, start, end, mask);
}

export const NOT_ASCII = 0x8080_8080;

function unmaskBytes(bytes: Buffer, start: number, end: number, mask: number): number {
  const m0 = mask & 0xff;
  const m1 = (mask >>> 8) & 0xff;
  const m2 = (mask >>> 16) & 0xff;
  const m3 = mask >>> 24;
  let seen = 0;
  let i = start;
  for (const last = end - 3; i < last; i += 4) {
    seen |= (bytes[i]! ^= m0) | (bytes[i + 1]! ^= m1) | (bytes[i + 2]! ^= m2) | (bytes[i + 3]! ^= m3);
  }
  if (i < end) seen |= bytes[i]! ^= m0;
  if (i + 1 < end) seen |= bytes[i + 1]! ^= m1;
  if (i + 2 < end) seen |= bytes[i + 2]! ^= m2;
  return seen;
}

/** Bytes up to the first whole word, words, and the bytes behind them. */
function unmaskWords(bytes: Buffer, start: number, end: number, mask: number): number {
  const words = wordsOf(bytes.buffer as ArrayBuffer);
  const { byteOffset } = bytes;
  const from = (byteOffset + start + 3) >> 2;
  const to = (byteOffset + end) >> 2;
  const firstWord = from * 4 - byteOffset;
  const behind = to * 4 - byteOffset;
  const turned = (firstWord - start) * 8;
  const wordMask = turned === 0 ? mask : (mask >>> turned) | (mask << (32 - turned));
  let seen = unmaskBytes(bytes, start, firstWord, mask) | unmaskBytes(bytes, behind, end, wordMask);
  let i = from;
  for (const last = to - 3; i < last; i += 4) {
    seen |=
      (words[i]! ^= wordMask) |
      (words[i + 1]! ^= wordMask) |
      (words[i + 2]! ^= wordMask) |
      (words[i + 3]! ^= wordMask);
  }
  for (; i < to; i++) seen |= words[i]! ^= wordMask;
  return seen;
}

function wordsOf(buffer: ArrayBuffer): Int32Array<ArrayBuffer> {
  if (buffer === keptWords.buffer) return keptWords;
  const words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
  if (buffer.byteLength <= MOST_KEPT_BYTES) keptWords = words;
  return words;
}
