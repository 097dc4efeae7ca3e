import { describe, expect, it, onTestFinished } from 'vitest';
import type { FuzzTarget } from '../contract.js';
import { BlockCoverage } from './block-coverage.js';
import { Mutator } from './mutator.js';
import { Random } from './random.js';
import { failureOf, fuzz, type RunResult } from './run.js';

const SEED = 20_250_102;
const MOST_INPUTS = 100_000;
/** Of the kind 1, with two fields. */
const RECORD = Buffer.from('6e77030102026162026364', 'hex');

/** A parser with a mistake, loaded after coverage has begun. */
async function toy(): Promise<{ target: FuzzTarget; coverage: BlockCoverage }> {
  const coverage = new BlockCoverage((url) => url.includes('/fixture/broken-parser'));
  onTestFinished(() => coverage.close());
  const { readToyRecord, ToyError } = await import('./fixture/broken-parser.js');
  const target: FuzzTarget = {
    name: 'toy',
    parsers: ['readToyRecord'],
    seeds: [RECORD],
    dictionary: [],
    run(bytes) {
      try {
        readToyRecord(bytes);
        return 'accepted';
      } catch (error) {
        if (error instanceof ToyError) return 'refused';
        throw error;
      }
    },
  };
  return { target, coverage };
}

function fuzzed(target: FuzzTarget, coverage: BlockCoverage, kept: Buffer[] = []): RunResult {
  return fuzz({
    target,
    coverage,
    seed: SEED,
    inputs: { corpus: () => [], keep: (input) => kept.push(input) },
    isOver: ({ inputs }) => inputs >= MOST_INPUTS,
  });
}

describe('the guided fuzzer', () => {
  it('finds a mistake behind two conditions, which chance does not meet together, and makes the input small', async () => {
    const { target, coverage } = await toy();
    const kept: Buffer[] = [];
    const { started, ended, finding } = fuzzed(target, coverage, kept);
    expect(finding?.error.cause).toBeInstanceOf(RangeError);
    const input = finding!.input;
    expect(input.subarray(0, 4).toString('hex')).toBe('6e770307');
    expect(input.length).toBeLessThan(32);
    expect(failureOf(target, input)).toEqual(finding!.error);
    // It went there step by step.
    expect(kept.length).toBeGreaterThan(1);
    expect(ended.blocks).toBeGreaterThan(started.blocks);
    // The same changes without guidance, and as many again, find nothing.
    const mutator = new Mutator(new Random(SEED), []);
    const unguided = Array.from({ length: 2 * ended.inputs }, () => mutator.mutate(RECORD, [RECORD]));
    expect(() => unguided.forEach((bytes) => target.run(bytes, []))).not.toThrow();
  }, 60_000);

  it('tells a parser that never ends from one that is slow', () => {
    const hanging: FuzzTarget = {
      name: 'hanging',
      parsers: [],
      seeds: [],
      dictionary: [],
      run(bytes) {
        while (bytes.length > 2) continue;
        return 'accepted';
      },
    };
    expect(failureOf(hanging, Buffer.alloc(2))).toBeUndefined();
    expect(failureOf(hanging, Buffer.alloc(3))).toMatchObject({ code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' });
  });

  it('tells a parser that believes an announced length', () => {
    const held: Buffer[] = [];
    const trusting: FuzzTarget = {
      name: 'trusting',
      parsers: [],
      seeds: [],
      dictionary: [],
      run(bytes) {
        held.push(Buffer.alloc(bytes.readUInt32BE(0)));
        return 'accepted';
      },
    };
    expect(failureOf(trusting, Buffer.from('00010000', 'hex'))).toBeUndefined();
    expect(failureOf(trusting, Buffer.from('02000000', 'hex'))?.message).toMatch(/allocated \d+ bytes for 4/);
  });
});
