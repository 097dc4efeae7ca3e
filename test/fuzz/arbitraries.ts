import fc from 'fast-check';
import { edited, ODD_NUMBERS, type Edit } from './edits.js';
import type { FuzzTarget } from './contract.js';

const at = fc.nat(2000);
const byte = fc.nat(0xff);

function editOf(dictionary: readonly Buffer[]): fc.Arbitrary<Edit> {
  const someBytes = fc.uint8Array({ minLength: 1, maxLength: 8 });
  const bytes = dictionary.length === 0 ? someBytes : fc.oneof(fc.constantFrom(...dictionary), someBytes);
  return fc.oneof(
    fc.record({ kind: fc.constant('set'), at, byte }),
    fc.record({ kind: fc.constant('flip'), at, bit: fc.nat(7) }),
    fc.record({ kind: fc.constant('add'), at, delta: fc.integer({ min: -4, max: 4 }) }),
    fc.record({ kind: fc.constant('insert'), at, bytes }),
    fc.record({ kind: fc.constant('overwrite'), at, bytes }),
    fc.record({ kind: fc.constant('remove'), at, count: fc.integer({ min: 1, max: 16 }) }),
    fc.record({
      kind: fc.constant('repeat'),
      at,
      count: fc.integer({ min: 1, max: 64 }),
      times: fc.integer({ min: 1, max: 8 }),
    }),
    fc.record({ kind: fc.constant('cut'), at }),
    fc.record({
      kind: fc.constant('number'),
      at,
      width: fc.constantFrom(1 as const, 2 as const, 4 as const),
      value: fc.constantFrom(...ODD_NUMBERS),
    }),
  );
}

/** Inputs that are nearly right. */
export function changedSeed({ seeds, dictionary }: FuzzTarget): fc.Arbitrary<Buffer> {
  const edits = fc.array(editOf(dictionary), { minLength: 1, maxLength: 4 });
  return fc.tuple(fc.constantFrom(...seeds), edits).map(([seed, list]) => edited(seed, list));
}

export const randomBytes: fc.Arbitrary<Buffer> = fc
  .uint8Array({ maxLength: 300 })
  .map((bytes) => Buffer.from(bytes));

/** Where to cut a stream into chunks; positions behind the end cut nothing. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.array(fc.nat(40), { maxLength: 6 }),
  fc.array(fc.nat(2000), { maxLength: 20 }),
);
