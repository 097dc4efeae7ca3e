import fc from 'fast-check';
import type { Received } from './receiver-log.js';
import { goodbye, Opcode, wsFrame } from './ws-frames.js';

const { Continuation, Text, Binary, Close, Ping, Pong } = Opcode;

/** Bytes of a client, and what a receiver must make of them. */
export interface WsStream {
  readonly frames: readonly Buffer[];
  readonly expected: readonly Received[];
}

const byte = fc.nat(0xff);
const mask = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(byte, byte, byte, byte).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(4)) },
);
const bytesUpTo = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const lengthBits = fc.option(fc.constantFrom(16, 64), { nil: undefined, freq: 8 });

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 80 });
const unicode = fc.string({ unit: 'binary', maxLength: 40 });
/** Around the sizes where a length takes more bytes. */
const filled = fc
  .tuple(fc.constantFrom(124, 125, 126, 127, 255, 256, 4000, 65_535, 65_536), byte)
  .map(([length, fill]) => Buffer.alloc(length, fill));
const text = fc.oneof(ascii, unicode).map((string) => Buffer.from(string));
const binary = fc.oneof({ weight: 5, arbitrary: bytesUpTo(200) }, { weight: 1, arbitrary: filled });

const closeCode = fc.oneof(
  fc.constantFrom(1000, 1001, 1003, 1007, 1014, 4999),
  fc.integer({ min: 3000, max: 4999 }),
);
const reason = fc.string({ unit: 'binary', maxLength: 30 });

interface ControlFrame {
  readonly kind: 'ping' | 'pong';
  readonly data: Buffer;
  readonly mask: Buffer;
}
const controlFrame: fc.Arbitrary<ControlFrame> = fc.record({
  kind: fc.constantFrom('ping', 'pong'),
  data: bytesUpTo(125),
  mask,
});

/** A message, where it is cut (as shares of its length), and what comes between its pieces. */
const message = fc.record({
  content: fc.oneof(
    text.map((data) => ({ kind: 'text' as const, data })),
    binary.map((data) => ({ kind: 'binary' as const, data })),
  ),
  cuts: fc.oneof(
    fc.constant<number[]>([]),
    fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
  ),
  masks: fc.array(mask, { minLength: 6, maxLength: 6 }),
  between: fc.array(controlFrame, { maxLength: 3 }),
  lengthBits,
});
type Message = typeof message extends fc.Arbitrary<infer Value> ? Value : never;

function written({ content, cuts, masks, between, lengthBits: bits }: Message): WsStream {
  const { kind, data } = content;
  const ends = [...cuts.map((cut) => Math.floor(cut * data.length)).sort((a, b) => a - b), data.length];
  const frames: Buffer[] = [];
  const expected: Received[] = [];
  ends.forEach((end, i) => {
    const opcode = i > 0 ? Continuation : kind === 'text' ? Text : Binary;
    const fin = i === ends.length - 1;
    const piece = data.subarray(ends[i - 1] ?? 0, end);
    frames.push(
      wsFrame(opcode, piece, {
        fin,
        mask: masks[i]!,
        ...(bits && piece.length < 65_536 && { lengthBits: bits }),
      }),
    );
    const control = fin ? undefined : between[i];
    if (control === undefined) return;
    frames.push(wsFrame(control.kind === 'ping' ? Ping : Pong, control.data, { mask: control.mask }));
    expected.push([control.kind, control.data.toString('hex')]);
  });
  expected.push([kind, data.toString('hex')]);
  return { frames, expected };
}

const farewell: fc.Arbitrary<WsStream> = fc
  .option(fc.tuple(fc.option(closeCode), reason, mask))
  .map((goodbyes) => {
    if (goodbyes === null) return { frames: [], expected: [] };
    const [code, why, key] = goodbyes;
    if (code === null)
      return { frames: [wsFrame(Close, '', { mask: key })], expected: [['closed', 1005, '']] };
    return { frames: [wsFrame(Close, goodbye(code, why), { mask: key })], expected: [['closed', code, why]] };
  });

/** Nothing but what the RFC allows. */
export const validStream: fc.Arbitrary<WsStream> = fc
  .tuple(fc.array(message.map(written), { maxLength: 6 }), farewell)
  .map(([messages, last]) => ({
    frames: [...messages.flatMap(({ frames }) => frames), ...last.frames],
    expected: [...messages.flatMap(({ expected }) => expected), ...last.expected],
  }));

/** Any frame, most of them not quite wrong. */
export const anyFrame: fc.Arbitrary<Buffer> = fc
  .record({
    opcode: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(Continuation, Continuation, Text, Binary, Ping, Pong, Close) },
      { weight: 1, arbitrary: fc.nat(15) },
    ),
    payload: fc.oneof(
      { weight: 4, arbitrary: text },
      { weight: 2, arbitrary: bytesUpTo(130) },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.nat(0xffff), bytesUpTo(6)).map(([code, rest]) => goodbye(code, rest)),
      },
      { weight: 1, arbitrary: fc.tuple(closeCode, reason).map(([code, why]) => goodbye(code, why)) },
    ),
    fin: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 2, arbitrary: fc.constant(false) }),
    reserved: fc.oneof({ weight: 40, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) }),
    mask: fc.oneof({ weight: 30, arbitrary: mask }, { weight: 1, arbitrary: fc.constant(null) }),
    bits: lengthBits,
  })
  .map(({ opcode, payload, bits, ...shape }) =>
    wsFrame(opcode, payload, { ...shape, ...(bits === undefined ? {} : { lengthBits: bits }) }),
  );

/** Where to cut bytes into chunks; positions behind the end cut nothing. */
export const chunkCuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([]),
  fc.array(fc.nat(60), { maxLength: 8 }),
  fc.array(fc.nat(2000), { maxLength: 20 }),
);

/** Something that happens to bytes on their way. */
export type Mutation = (bytes: Buffer) => Buffer;

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const flip = fc.tuple(place, fc.nat(7)).map(([share, bit]): Mutation => (bytes) => {
  const changed = Buffer.from(bytes);
  if (bytes.length > 0) changed[Math.floor(share * bytes.length)]! ^= 1 << bit;
  return changed;
});
const truncation = place.map(
  (share): Mutation =>
    (bytes) =>
      bytes.subarray(0, Math.floor(share * bytes.length)),
);
const insertion = fc.tuple(place, bytesUpTo(8)).map(([share, extra]): Mutation => (bytes) => {
  const at = Math.floor(share * bytes.length);
  return Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)]);
});
const removal = fc.tuple(place, fc.integer({ min: 1, max: 8 })).map(([share, count]): Mutation => (bytes) => {
  const at = Math.floor(share * bytes.length);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)]);
});

export const mutations: fc.Arbitrary<Mutation> = fc
  .array(fc.oneof({ weight: 4, arbitrary: flip }, truncation, insertion, removal), {
    minLength: 1,
    maxLength: 3,
  })
  .map((steps) => (bytes) => steps.reduce((changed, step) => step(changed), bytes));
