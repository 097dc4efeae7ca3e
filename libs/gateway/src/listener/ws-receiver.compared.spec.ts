import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { bytewise, ReceiverLog, splitAt, type Received } from '../test/receiver-log.js';
import { ReceiverOfWs } from '../test/receiver-of-ws.js';
import { fragmented, goodbye, Opcode, wsFrame } from '../test/ws-frames.js';
import { anyFrame, chunkCuts, mutations, validStream } from '../test/ws-stream-arbitraries.js';
import { WsReceiver } from './ws-receiver.js';

const { Continuation, Text, Binary, Close, Ping, Pong } = Opcode;
const MAX = 1000;
const MIB = 1024 * 1024;

/** What both have made of the bytes, after each chunk the same. */
function compared(chunks: readonly Buffer[], maxMessageBytes = MAX): Received[] {
  const theirs = new ReceiverOfWs(maxMessageBytes);
  const receiver = new WsReceiver(maxMessageBytes);
  const ours = new ReceiverLog();
  for (const chunk of chunks) {
    theirs.push(chunk);
    ours.take(receiver, [chunk]);
    // The sweeps below come here some hundred thousand times.
    if (!isDeepStrictEqual(ours.entries, theirs.entries)) expect(ours.entries).toEqual(theirs.entries);
  }
  return ours.entries;
}

/** What a property has seen: one that never sees a refusal proves little. */
class Kinds {
  readonly #seen = new Set<string>();

  add(entries: readonly Received[]): void {
    for (const [kind, detail] of entries) this.#seen.add(kind === 'refused' ? `refused ${detail}` : kind);
  }

  expectAll(): void {
    // 1009 comes too seldom to be counted on; the lengths have tests of their own.
    const all = ['binary', 'closed', 'ping', 'pong', 'refused 1002', 'refused 1007', 'text'];
    expect([...this.#seen].sort().filter((kind) => kind !== 'refused 1009')).toEqual(all);
  }
}

describe('WsReceiver and the receiver of ws agree on', () => {
  it('all that is allowed, after each chunk', () => {
    fc.assert(
      fc.property(validStream, chunkCuts, ({ frames, expected }, cuts) => {
        expect(compared(splitAt(Buffer.concat(frames), cuts), MIB)).toEqual(expected);
        expect(compared(frames, MIB)).toEqual(expected);
      }),
      { numRuns: 700 },
    );
  });

  it('any frames in any order, after each frame', () => {
    const kinds = new Kinds();
    fc.assert(
      fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 8 }), (frames) =>
        kinds.add(compared(frames, 150)),
      ),
      { numRuns: 6000 },
    );
    kinds.expectAll();
  });

  it('streams whose bits were flipped, with bytes missing or too many, in any chunks', () => {
    const kinds = new Kinds();
    const stream = fc.oneof(
      validStream.map(({ frames }) => frames),
      fc.array(anyFrame, { minLength: 1, maxLength: 8 }),
    );
    fc.assert(
      fc.property(stream, mutations, chunkCuts, (frames, mutate, cuts) =>
        kinds.add(compared(splitAt(mutate(Buffer.concat(frames)), cuts))),
      ),
      { numRuns: 3000 },
    );
    kinds.expectAll();
  });

  it('bytes that are no frames at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), chunkCuts, (bytes, cuts) => {
        compared(splitAt(Buffer.from(bytes), cuts));
      }),
      { numRuns: 1000 },
    );
  });

  it('every first two bytes of a connection', () => {
    for (let head = 0; head < 0x1_0000; head++) compared([Buffer.of(head >> 8, head & 0xff)]);
  });

  it('every first two bytes inside a fragmented message', () => {
    const begun = wsFrame(Text, 'begun', { fin: false });
    for (let head = 0; head < 0x1_0000; head++) compared([begun, Buffer.of(head >> 8, head & 0xff)]);
  });

  it('every close code', () => {
    const accepted: number[] = [];
    for (let code = 0; code < 0x1_0000; code++) {
      const [entry] = compared([wsFrame(Close, goodbye(code, 'why'))]);
      if (entry?.[0] === 'closed') accepted.push(code);
      else if (entry?.[1] !== 1002) expect(entry).toEqual(['refused', 1002]);
    }
    expect(accepted.slice(0, 12)).toEqual([
      1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
    ]);
    expect(accepted.slice(12)).toEqual(Array.from({ length: 2000 }, (_, i) => 3000 + i));
  });

  it('text with any two bytes inside, short or long', () => {
    for (let pair = 0; pair < 0x1_0000; pair += pair % 0x100 === 0x7f && pair < 0x8000 ? 0x81 : 1) {
      const bytes = Buffer.of(pair >> 8, pair & 0xff);
      compared([wsFrame(Text, bytes)]);
      if (pair % 7 === 0)
        compared([wsFrame(Text, Buffer.concat([Buffer.alloc(40, 'a'), bytes, Buffer.from('b')]))]);
    }
  });

  it('lengths around every limit, in every encoding', () => {
    for (const announced of [
      0,
      1,
      125,
      126,
      127,
      MAX - 1,
      MAX,
      MAX + 1,
      65_535,
      65_536,
      2 ** 31,
      2 ** 32,
      2n ** 53n - 1n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
    ]) {
      for (const lengthBits of [7, 16, 64] as const) {
        if (announced > (lengthBits === 7 ? 125 : lengthBits === 16 ? 65_535 : 2n ** 64n)) continue;
        for (const opcode of [Text, Binary, Ping, Pong, Close]) {
          const frame = wsFrame(opcode, Buffer.alloc(Math.min(MAX, Number(announced)), 3), {
            announced,
            lengthBits,
          });
          compared([frame]);
          compared(bytewise(frame.subarray(0, 20)));
        }
      }
    }
  });

  it('fragments that add up to the limit, and to one more', () => {
    for (const more of [0, 1]) {
      const pieces = [Buffer.alloc(300), '', Buffer.alloc(699), Buffer.alloc(1 + more), ''];
      compared(fragmented(Binary, pieces));
      compared(bytewise(Buffer.concat(fragmented(Binary, pieces))));
    }
  });

  it('as many empty fragments as are counted, and one more', () => {
    const begun = [wsFrame(Text, '', { fin: false })];
    for (let i = 1; i < 16_383; i++) begun.push(wsFrame(Continuation, '', { fin: false }));
    const bytes = Buffer.concat(begun);
    const last = wsFrame(Continuation, 'x');
    const more = wsFrame(Continuation, '', { fin: false });
    expect(compared([bytes, last])).toEqual([['text', '78']]);
    // Only whole frames: ws counts a frame when its payload has come, and we when its head has.
    expect(compared([bytes, more, last])).toEqual([['refused', 1008]]);
    expect(compared([bytes, more, wsFrame(Ping, ''), wsFrame(Pong, ''), last]).at(-1)).toEqual([
      'refused',
      1008,
    ]);
  });
});
