import { isDeepStrictEqual } from 'node:util';
import { attempt, holds, shown, type FuzzTarget, type Outcome } from './contract.js';

/** One decoder of a stream, at its beginning. */
export interface StreamReader {
  /** @throws the decoder's own error, after which nothing more is pushed */
  push(chunk: Buffer, out: unknown[]): void;
  /** Bytes that it holds for what is not complete yet. */
  heldBytes?(): number;
}

export interface StreamFormat extends Pick<FuzzTarget, 'name' | 'parsers' | 'seeds'> {
  readonly dictionary?: readonly Buffer[];
  /** Codes of its errors. */
  readonly refusals: ReadonlySet<string>;
  /** Most bytes that it may ever hold. */
  readonly mostHeldBytes: number;
  readonly open: () => StreamReader;
  /** What holds beyond that of a stream that was read in one chunk. */
  check?(bytes: Buffer, result: StreamResult): void;
}

export interface StreamResult {
  readonly items: readonly unknown[];
  /** How it ended, if it was refused. */
  readonly code: string | undefined;
}

/** A decoder of a byte stream: whatever the chunks, it gives the same items and refuses at the same place. */
export function streamTarget(format: StreamFormat): FuzzTarget {
  const { name, parsers, seeds, dictionary = [] } = format;
  return {
    name,
    parsers,
    seeds,
    dictionary,
    run: (bytes, cuts) => readInAllChunks(format, bytes, cuts),
  };
}

export function readInAllChunks(format: StreamFormat, bytes: Buffer, cuts: readonly number[]): Outcome {
  const whole = readChunks(format, [bytes]);
  for (const chunks of [chunksOf(bytes, cuts), chunksOf(bytes, bytes.keys())]) {
    const result = readChunks(format, chunks);
    holds(
      isDeepStrictEqual(result, whole),
      () =>
        `In ${chunks.length} chunks ${shown(bytes)} is ${JSON.stringify(result)}, in one ${JSON.stringify(whole)}`,
    );
  }
  format.check?.(bytes, whole);
  return whole.code === undefined ? 'accepted' : 'refused';
}

function readChunks(
  { open, refusals, mostHeldBytes }: StreamFormat,
  chunks: readonly Buffer[],
): StreamResult {
  const reader = open();
  const items: unknown[] = [];
  let pushed = 0;
  for (const chunk of chunks) {
    // A copy, because a receiver may write into what it gets.
    const { code } = attempt(refusals, () => reader.push(Buffer.from(chunk), items));
    if (code !== undefined) return { items, code };
    pushed += chunk.length;
    const held = reader.heldBytes?.() ?? 0;
    holds(held <= Math.min(pushed, mostHeldBytes), () => `${held} bytes are held after ${pushed}`);
  }
  return { items, code: undefined };
}

/** @param cuts positions in any order; those behind the end cut nothing */
function chunksOf(bytes: Buffer, cuts: Iterable<number>): Buffer[] {
  const ends = [...new Set([...cuts, bytes.length])].filter((end) => end <= bytes.length);
  ends.sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}
