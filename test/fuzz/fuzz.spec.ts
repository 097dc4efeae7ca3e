import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as protocol from '#protocol';
import { changedSeed, cuts, randomBytes } from './arbitraries.js';
import { runTarget, type FuzzTarget, type Outcome } from './contract.js';
import { withDeadline } from './deadline.js';
import { TARGETS } from './targets/index.js';

/** For one input, on a machine that is busy with other things. */
const DEADLINE_MS = 5_000;
const SHORT_BYTES = 200;

/** Parsers that no stranger reaches, and where they are tested all the same. */
const NOT_FACING_A_SOCKET: Readonly<Record<string, string>> = {
  parseAddress: 'reads options: parse-address.spec.ts',
  parseAddressList: 'reads options: parse-address.spec.ts',
  parseClientId: 'reads what handlers pass: client-id.spec.ts, with any value',
};

function run(target: FuzzTarget, bytes: Buffer, places: readonly number[] = []): Outcome {
  let outcome: Outcome = 'refused';
  withDeadline(DEADLINE_MS, () => (outcome = runTarget(target, bytes, places)));
  return outcome;
}

describe('the table of fuzz targets', () => {
  it('has every function and class of the protocol that reads bytes', () => {
    const listed = new Set(TARGETS.flatMap(({ parsers }) => parsers));
    const isParser = (name: string): boolean => /^(read|decode|parse)[A-Z]|Decoder$|SessionCodec$/.test(name);
    const missing = Object.keys(protocol).filter(
      (name) => isParser(name) && !listed.has(name) && !(name in NOT_FACING_A_SOCKET),
    );
    expect(missing).toEqual([]);
  });

  it('has names that differ, and at least one input for each that is accepted', () => {
    expect(new Set(TARGETS.map(({ name }) => name)).size).toBe(TARGETS.length);
    for (const target of TARGETS) {
      const outcomes = target.seeds.map((seed) => run(target, seed));
      expect(outcomes, target.name).toContain('accepted');
    }
  });
});

describe.each(TARGETS.map((target) => [target.name, target] as const))('%s', (_name, target) => {
  it('keep their contract for random bytes', () => {
    fc.assert(
      fc.property(randomBytes, cuts, (bytes, places) => void run(target, bytes, places)),
      { numRuns: 100 },
    );
  });

  it('keep it for inputs that are nearly right', () => {
    const seen = new Set<Outcome>();
    fc.assert(
      fc.property(changedSeed(target), cuts, (bytes, places) => void seen.add(run(target, bytes, places))),
      { numRuns: 300 },
    );
    // A property that never gets past the first byte, or that nothing is refused by, proves little.
    expect(seen).toContain('accepted');
  });

  it('keep it for the same inputs cut short after any byte, and in two chunks', () => {
    for (const seed of target.seeds.filter(({ length }) => length <= SHORT_BYTES).slice(0, 40)) {
      withDeadline(10 * DEADLINE_MS, () => {
        for (let end = 0; end <= seed.length; end++) {
          runTarget(target, seed.subarray(0, end));
          runTarget(target, seed, [end]);
        }
      });
    }
  });
});
