import { getHeapStatistics } from 'node:v8';
import { NestwireError } from '#protocol';

/** What a parser made of its input. */
export type Outcome = 'accepted' | 'refused';

/**
 * A parser that faces a socket, and how to tell that it keeps its contract: for any bytes at all it either gives a value or throws its
 * own error, it ends, it allocates no more than a small multiple of what came, and what it accepts can be written and read again.
 */
export interface FuzzTarget {
  /** As on the command line. */
  readonly name: string;
  /** What is run: functions and classes by the name that the code exports them under. */
  readonly parsers: readonly string[];
  /** Inputs that are right, or were recorded. */
  readonly seeds: readonly Buffer[];
  /** Words of the format that chance would not find. */
  readonly dictionary: readonly Buffer[];
  /**
   * @param cuts where a stream is cut into chunks; parsers of whole messages have no use for it
   * @throws ContractError, or whatever the parser let through
   */
  run(bytes: Buffer, cuts: readonly number[]): Outcome;
}

/** A parser did what none may do. */
export class ContractError extends Error {
  override readonly name = 'ContractError';
}

/** No input is larger: what goes wrong in more bytes goes wrong in fewer. */
export const MAX_INPUT_BYTES = 8 * 1024;

/** What chunks, copies and the comparisons of a target may take however short its input is. */
const FREE_BYTES = 4 * 1024 * 1024;
/** Objects of a value, the errors on the way, each several times because an input is read several times. */
const BYTES_A_BYTE = 4 * 1024;

/** Bytes around an input that must never be seen: who reads past the end gets them, and another result. */
const [BEFORE, BEHIND] = [Buffer.alloc(13, 0xa5), Buffer.alloc(32, 0x5a)];

/**
 * One run of a target, and what holds for all of them.
 * @throws ContractError with the reason as its `cause`
 */
export function runTarget(target: FuzzTarget, input: Uint8Array, cuts: readonly number[] = []): Outcome {
  const padded = Buffer.concat([BEFORE, input, BEHIND]);
  const bytes = padded.subarray(BEFORE.length, BEFORE.length + input.length);
  const before = allocatedBytes();
  let outcome: Outcome;
  try {
    outcome = target.run(bytes, cuts);
  } catch (cause) {
    if (cause instanceof ContractError) throw cause;
    throw new ContractError(`${target.name} let an error through: ${String(cause)}`, { cause });
  }
  const taken = allocatedBytes() - before;
  if (taken > FREE_BYTES + BYTES_A_BYTE * input.length) {
    throw new ContractError(`${target.name} allocated ${taken} bytes for ${input.length}`);
  }
  return outcome;
}

function allocatedBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** A value, or the code of the error that refused it. */
export type Attempt<Value> =
  | { readonly value: Value; readonly code?: undefined }
  | { readonly code: string; readonly value?: undefined };

/**
 * Reads, and lets through everything but the refusals that are documented.
 * @param codes of the errors that mean "these bytes are not what they should be"
 */
export function attempt<Value>(codes: ReadonlySet<string>, read: () => Value): Attempt<Value> {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof NestwireError && codes.has(error.code)) return { code: error.code };
    throw error;
  }
}

export function holds(condition: boolean, otherwise: () => string): void {
  if (!condition) throw new ContractError(otherwise());
}

export function shown(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return hex.length <= 400 ? hex : `${hex.slice(0, 400)}… (${bytes.length} bytes)`;
}
