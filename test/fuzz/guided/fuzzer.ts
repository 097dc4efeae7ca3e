import { runTarget, type FuzzTarget } from '../contract.js';
import { withDeadline } from '../deadline.js';
import type { BlockCoverage } from './block-coverage.js';
import { Mutator } from './mutator.js';
import type { Random } from './random.js';

/** Asking V8 what has run costs as much as hundreds of short runs: only of a batch that reached something is each input asked about. */
const BATCH = 24;
/** For one batch, on a machine that is busy with other things. */
const DEADLINE_MS = 5_000;
/** One in so many inputs is made of the newest ones, which have led farthest. */
const FAVOUR_NEWEST = 2;
const NEWEST = 4;

/** An input for which a parser breaks its contract. */
export interface Finding {
  readonly input: Buffer;
  readonly error: Error;
}

export interface FuzzerProgress {
  readonly inputs: number;
  readonly corpus: number;
  readonly blocks: number;
}

/**
 * Changes inputs at random and keeps those that run code which no earlier one has run: step by step they lead behind conditions that
 * chance alone would not meet together.
 */
export class Fuzzer {
  /** Inputs that have each reached something new. */
  readonly corpus: Buffer[] = [];
  readonly #mutator: Mutator;
  #inputs = 0;

  /** @param onKept is told of each input that is kept, the given ones too */
  constructor(
    private readonly target: FuzzTarget,
    private readonly coverage: BlockCoverage,
    private readonly random: Random,
    private readonly onKept: (input: Buffer) => void = () => undefined,
  ) {
    this.#mutator = new Mutator(random, target.dictionary);
  }

  get progress(): FuzzerProgress {
    return { inputs: this.#inputs, corpus: this.corpus.length, blocks: this.coverage.blocks };
  }

  /** Runs what is known already: the seeds, and the corpus of an earlier run. */
  start(known: readonly Buffer[]): Finding | undefined {
    this.coverage.look();
    for (const input of [Buffer.alloc(0), ...known]) {
      const finding = this.#tryAlone(input);
      if (finding !== undefined) return finding;
    }
    if (this.corpus.length === 0) this.corpus.push(Buffer.alloc(0));
    return undefined;
  }

  /** Runs one batch of new inputs. */
  step(): Finding | undefined {
    const batch = Array.from({ length: BATCH }, () => this.#mutator.mutate(this.#chosen(), this.corpus));
    this.#inputs += batch.length;
    const finding = this.#run(batch);
    if (finding !== undefined) return finding;
    // Each of them is run once more to see whose it was.
    if (this.coverage.peek() === 0) return undefined;
    for (const input of batch) this.#tryAlone(input);
    return undefined;
  }

  #chosen(): Buffer {
    const { corpus, random } = this;
    const isNewest = random.below(FAVOUR_NEWEST) === 0;
    return isNewest ? random.of(corpus.slice(-NEWEST)) : random.of(corpus);
  }

  #tryAlone(input: Buffer): Finding | undefined {
    const finding = this.#run([input]);
    if (this.coverage.look() > 0) {
      this.corpus.push(input);
      this.onKept(input);
    }
    return finding;
  }

  #run(batch: readonly Buffer[]): Finding | undefined {
    let at = 0;
    try {
      withDeadline(DEADLINE_MS, () => {
        for (; at < batch.length; at++) runTarget(this.target, batch[at]!, cutsOf(batch[at]!));
      });
      return undefined;
    } catch (error) {
      return { input: batch[at]!, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }
}

/** Where a stream is cut is taken from its bytes, so that an input alone repeats a finding. */
export function cutsOf(input: Buffer): number[] {
  const random = [...input.subarray(0, 16)].reduce((sum, byte) => (sum * 31 + byte) >>> 0, input.length);
  return [random % 13, random % 101, (random >>> 8) % 499].filter((cut) => cut < input.length);
}
