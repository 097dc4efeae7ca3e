import { crc32 } from 'node:zlib';
import { FRAME_HEADER_BYTES } from '#protocol';

/** The same frames with checksums that fit: few changed bytes get past wrong ones. */
export function withRightChecksums(bytes: Buffer): Buffer {
  const summed = Buffer.from(bytes);
  for (let at = 0; summed.length - at >= FRAME_HEADER_BYTES;) {
    const length = summed.readUInt32BE(at);
    if (length < FRAME_HEADER_BYTES || at + length > summed.length) break;
    summed.writeUInt32BE(crc32(summed.subarray(at + FRAME_HEADER_BYTES, at + length)), at + 4);
    at += length;
  }
  return summed;
}
