import { edited, ODD_NUMBERS, type Edit } from '../edits.js';
import type { Random } from './random.js';

/** Edits are chosen evenly: which of them help depends on the format. */
const KINDS = [
  'set',
  'flip',
  'add',
  'insert',
  'overwrite',
  'remove',
  'repeat',
  'cut',
  'number',
  'splice',
] as const;
/** Of so many mutations, one goes on with another edit: most inputs differ little from one that has led somewhere. */
const GO_ON = 2;
const MOST_DELTA = 4;
const WIDTHS = [1, 2, 4] as const;

/** Makes new inputs of those that have reached something. */
export class Mutator {
  constructor(
    private readonly random: Random,
    private readonly dictionary: readonly Buffer[],
  ) {}

  /** @param others inputs of which parts may be taken over */
  mutate(input: Buffer, others: readonly Buffer[]): Buffer {
    let bytes = input;
    do bytes = edited(bytes, [this.#edit(bytes, others)]);
    while (this.random.below(GO_ON) === 0);
    return bytes;
  }

  #edit({ length }: Buffer, others: readonly Buffer[]): Edit {
    const { random } = this;
    const at = random.below(length + 1);
    const kind = random.of(KINDS);
    switch (kind) {
      case 'set':
        return { kind, at, byte: random.below(256) };
      case 'flip':
        return { kind, at, bit: random.below(8) };
      case 'add':
        return { kind, at, delta: random.below(2 * MOST_DELTA + 1) - MOST_DELTA };
      case 'insert':
      case 'overwrite':
        return { kind, at, bytes: this.#word() };
      case 'remove':
        return { kind, at, count: 1 + random.below(16) };
      case 'repeat':
        return { kind, at, count: 1 + random.below(64), times: 1 + random.below(8) };
      case 'cut':
        return { kind, at };
      case 'number':
        return { kind, at, width: random.of(WIDTHS), value: random.of(ODD_NUMBERS) };
      case 'splice':
        return { kind: 'insert', at, bytes: this.#partOf(random.of(others)) };
    }
  }

  #word(): Buffer {
    const { random, dictionary } = this;
    if (dictionary.length > 0 && random.below(2) === 0) return random.of(dictionary);
    return Buffer.from(Array.from({ length: 1 + random.below(4) }, () => random.below(256)));
  }

  #partOf(other: Buffer): Buffer {
    const start = this.random.below(other.length + 1);
    return other.subarray(start, start + 1 + this.random.below(64));
  }
}
