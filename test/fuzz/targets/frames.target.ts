import { encodeFrame, FrameDecoder } from '#protocol';
import { holds, shown, type FuzzTarget } from '../contract.js';
import { withRightChecksums } from '../frame-checksums.js';
import { RECORDED_STREAMS } from '../seeds.js';
import { readInAllChunks, type StreamFormat } from '../stream-target.js';

/** As for a stranger. */
const MAX_FRAME_BYTES = 4096;

const format: StreamFormat = {
  name: 'frames',
  parsers: ['FrameDecoder'],
  seeds: RECORDED_STREAMS,
  refusals: new Set(['ERR_NESTWIRE_FRAME_LENGTH', 'ERR_NESTWIRE_FRAME_CHECKSUM']),
  mostHeldBytes: MAX_FRAME_BYTES,
  open() {
    const decoder = new FrameDecoder(MAX_FRAME_BYTES);
    return {
      push: (chunk, out) =>
        decoder.push(chunk, (payload) => out.push(Buffer.from(payload.rest()).toString('hex'))),
      heldBytes: () => decoder.carriedBytes,
    };
  },
  check(bytes, { items }) {
    const written = Buffer.concat(
      items.map((hex) => encodeFrame((writer) => writer.bytes(Buffer.from(String(hex), 'hex')))),
    );
    const taken = bytes.subarray(0, written.length);
    holds(written.equals(taken), () => `${shown(taken)} is written as ${shown(written)}`);
  },
};

/** Frames of the base protocol, and before a link is open, as they come, and with checksums that are right. */
export const frames: FuzzTarget = {
  ...format,
  dictionary: [],
  run(bytes, cuts) {
    const outcome = readInAllChunks(format, bytes, cuts);
    const summed = withRightChecksums(bytes);
    return summed.equals(bytes) ? outcome : readInAllChunks(format, summed, cuts);
  },
};
