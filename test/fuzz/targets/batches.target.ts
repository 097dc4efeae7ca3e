import { isDeepStrictEqual } from 'node:util';
import { FrameDecoder, FRAME_HEADER_BYTES } from '#protocol';
import { holds, shown, type FuzzTarget } from '../contract.js';
import { withRightChecksums } from '../frame-checksums.js';
import { GOLDEN_BATCHES, RECORDED_STREAMS, words } from '../seeds.js';
import { readInAllChunks, type StreamFormat } from '../stream-target.js';

const MAX_FRAME_BYTES = 4096;
const FULL_BATCH_BYTES = 16 * 1024;
const BATCH_CODE = 211;

const format: StreamFormat = {
  name: 'batches',
  parsers: ['FrameDecoder'],
  seeds: [...GOLDEN_BATCHES, ...RECORDED_STREAMS],
  refusals: new Set(['ERR_NESTWIRE_FRAME_LENGTH', 'ERR_NESTWIRE_FRAME_CHECKSUM', 'ERR_NESTWIRE_TRUNCATED']),
  mostHeldBytes: MAX_FRAME_BYTES + FULL_BATCH_BYTES,
  open() {
    const decoder = new FrameDecoder(MAX_FRAME_BYTES, true);
    return {
      push: (chunk, out) =>
        decoder.push(chunk, (payload) => out.push(Buffer.from(payload.rest()).toString('hex'))),
      heldBytes: () => decoder.carriedBytes,
    };
  },
  check(bytes, { items, code }) {
    const all = payloadsIn(bytes);
    const expected = code === undefined ? all : all.slice(0, items.length);
    holds(
      isDeepStrictEqual(items, expected),
      () => `${shown(bytes)} is read as ${JSON.stringify(items)}, and is ${JSON.stringify(expected)}`,
    );
  },
};

/** Links of the extension, as they come and with checksums that are right. */
export const batches: FuzzTarget = {
  ...format,
  dictionary: words('\0\0\0\x01', '\0\0\0\0', '\xd3'),
  run(bytes, cuts) {
    const outcome = readInAllChunks(format, bytes, cuts);
    const summed = withRightChecksums(bytes);
    return summed.equals(bytes) ? outcome : readInAllChunks(format, summed, cuts);
  },
};

/** As docs/protocol.md has it, of whole frames in one piece, up to where something is wrong with lengths; checksums are not looked at. */
function payloadsIn(bytes: Buffer): string[] {
  const payloads: string[] = [];
  for (let at = 0; bytes.length - at >= FRAME_HEADER_BYTES;) {
    const end = at + bytes.readUInt32BE(at);
    const start = at + FRAME_HEADER_BYTES;
    if (end < start || end > bytes.length) break;
    const payload = bytes.subarray(start, end);
    if (payload[0] !== BATCH_CODE) payloads.push(payload.toString('hex'));
    else {
      for (let rest = payload.subarray(1); rest.length >= 4;) {
        const length = rest.readUInt32BE(0);
        if (length > rest.length - 4) return payloads;
        payloads.push(rest.subarray(4, 4 + length).toString('hex'));
        rest = rest.subarray(4 + length);
      }
    }
    at = end;
  }
  return payloads;
}
