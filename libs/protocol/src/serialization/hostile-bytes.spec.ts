import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../errors.js';
import { jsonSessionCodec, MAX_NESTING, phpSessionCodec } from './index.js';
import type { SessionCodec } from './index.js';

const phpSeeds = [
  'a:3:{s:1:"a";s:1:"v";s:1:"b";R:2;s:1:"c";R:2;}',
  'a:3:{s:1:"o";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"p";r:2;s:1:"q";a:1:{i:0;r:2;}}',
  'a:2:{s:1:"n";O:8:"stdClass":1:{s:4:"self";r:2;}s:1:"m";r:2;}',
  'a:3:{s:1:"c";C:1:"S":53:{a:2:{s:1:"q";O:8:"stdClass":1:{s:1:"v";i:1;}i:0;i:1;}}s:1:"o";r:4;s:1:"x";i:5;}',
  'a:3:{i:0;E:6:"Suit:H";i:1;r:2;i:2;d:1.0E+25;}',
  'a:3:{i:5;N;i:-3;b:1;s:9:"__proto__";a:1:{s:1:"x";d:NAN;}}',
];
const jsonSeeds = [
  '{"a":[1,2.5e-7,"\\u00e9\\n"],"b":{"c":null,"d":true},"__proto__":{"x":false}}',
  ' [ "☃" , { } , [ ] , -0 ] ',
];

function nested(levels: number): string {
  return 'a:1:{i:0;'.repeat(levels) + 'N;' + '}'.repeat(levels);
}

/** Every reading operation, which must end in a value or in the one error. */
function readEverything(codec: SessionCodec, bytes: Uint8Array, other: Uint8Array): void {
  const operations = [
    () => codec.decode(bytes),
    () => codec.normalize(bytes),
    () => codec.merge(bytes, other),
    () => codec.merge(other, bytes),
  ];
  for (const operation of operations) {
    try {
      operation();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      expect(error.code).toBe('ERR_NESTWIRE_SERIALIZATION');
    }
  }
}

interface Damage {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}
const damage: fc.Arbitrary<Damage> = fc.record({
  at: fc.nat(100),
  remove: fc.nat(3),
  insert: fc.oneof(
    fc.constantFrom(
      '',
      '0',
      '1',
      '-1',
      '99',
      ';',
      ':',
      '{',
      '}',
      '"',
      'N;',
      'R:2;',
      'r:2;',
      '[',
      ',',
      '\\',
      '\xff',
    ),
    fc.string({ maxLength: 3 }),
  ),
});
function damaged(seed: string, damages: readonly Damage[]): Buffer {
  let text = seed;
  for (const { at, remove, insert } of damages) {
    const place = at % (text.length + 1);
    text = text.slice(0, place) + insert + text.slice(place + remove);
  }
  return Buffer.from(text, 'latin1');
}

describe.each([
  { codec: jsonSessionCodec, seeds: jsonSeeds },
  { codec: phpSessionCodec, seeds: phpSeeds },
])('hostile bytes for the $codec.name codec', ({ codec, seeds }) => {
  const buffers = seeds.map((seed) => Buffer.from(seed));

  it('random bytes give a value or a ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom(...buffers), (bytes, other) => {
        readEverything(codec, bytes, other);
      }),
    );
  });

  it('a cut anywhere gives a ProtocolError', () => {
    for (const bytes of buffers) {
      const { length } = bytes.toString().trimEnd();
      for (let end = 1; end < Math.min(length, bytes.length); end += 1) {
        const cut = bytes.subarray(0, end);
        if (cut.toString().trim() !== '') expect(() => codec.decode(cut)).toThrow(ProtocolError);
        readEverything(codec, cut, bytes);
      }
    }
  });

  it('damaged bytes give a value or a ProtocolError', () => {
    const damages = fc.array(damage, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...seeds), damages, fc.constantFrom(...buffers), (seed, list, other) => {
        readEverything(codec, damaged(seed, list), other);
      }),
      { numRuns: 3000 },
    );
  });

  it('what can be merged can be read again', () => {
    for (const one of buffers) {
      for (const other of buffers) {
        expect(codec.normalize(codec.merge(one, other)).length).toBeGreaterThan(0);
      }
    }
  });
});

describe('JSON as JSON.parse reads it', () => {
  it('is what the scanner accepts, and nothing else', () => {
    const texts = fc.oneof(
      fc.json(),
      fc.tuple(fc.constantFrom(...jsonSeeds), fc.array(damage, { maxLength: 3 })).map(([seed, list]) => {
        return damaged(seed, list).toString('utf8');
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          fc.pre(text !== '');
          expect(() => jsonSessionCodec.decode(Buffer.from(text))).toThrow(ProtocolError);
          return;
        }
        expect(jsonSessionCodec.decode(Buffer.from(text))).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('lies about sizes', () => {
  it.each([
    's:4000000000:"x";',
    's:9999999999999999999999:"x";',
    'a:4000000000:{i:0;N;}',
    'a:4000000000:{',
    'O:4000000000:"x":0:{}',
    'O:1:"x":4000000000:{}',
    'C:1:"x":4000000000:{x}',
    'E:4000000000:"x:y";',
    'a:1:{s:4000000000:"x";N;}',
  ])('%s allocates nothing', (text) => {
    const bytes = Buffer.from(text);
    const before = process.memoryUsage();
    expect(() => phpSessionCodec.decode(bytes)).toThrow(ProtocolError);
    expect(() => phpSessionCodec.normalize(bytes)).toThrow(ProtocolError);
    const after = process.memoryUsage();
    expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(
      16 << 20,
    );
  });
});

describe('deep nesting', () => {
  it.each([
    ['open JSON lists', jsonSessionCodec, '['.repeat(1_000_000)],
    ['JSON objects', jsonSessionCodec, '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)],
    ['open PHP arrays', phpSessionCodec, 'a:1:{i:0;'.repeat(100_000)],
    ['PHP arrays', phpSessionCodec, 'a:1:{i:0;'.repeat(100_000) + 'N;' + '}'.repeat(100_000)],
    ['PHP objects', phpSessionCodec, 'O:1:"x":1:{i:0;'.repeat(100_000) + 'N;' + '}'.repeat(100_000)],
    ['one level too many', phpSessionCodec, nested(MAX_NESTING + 1)],
  ])('of %s is refused, not recursed into', (_, codec, text) => {
    expect(() => codec.decode(Buffer.from(text))).toThrow(ProtocolError);
    expect(() => codec.normalize(Buffer.from(text))).toThrow(ProtocolError);
    expect(() => codec.merge(Buffer.from(text), codec.empty)).toThrow(ProtocolError);
  });

  it('up to the limit is read, stored and merged', () => {
    const bytes = Buffer.from(nested(MAX_NESTING));
    expect(phpSessionCodec.decode(bytes)).toBeInstanceOf(Array);
    expect(phpSessionCodec.normalize(bytes)).toEqual(bytes);
    expect(phpSessionCodec.merge(bytes, new Uint8Array())).toEqual(bytes);
  });

  it('of payloads inside payloads is left to their classes', () => {
    let text = 'i:1;';
    for (let level = 0; level < 600; level += 1) text = `C:1:"S":${text.length}:{${text}}`;
    expect(phpSessionCodec.decode(Buffer.from(text))).toBeTypeOf('string');
  });
});
