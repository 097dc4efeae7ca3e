import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fromHex,
  GOLDEN_ENTRIES,
  goldenEntry,
  recordedFrames,
  type GoldenEntry,
} from '../../../test/golden/golden-data.js';
import { byteStringFromText, type ByteString } from './byte-string.js';
import { decodeCloseDetails, encodeCloseDetails, type CloseDetails } from './close-details.js';
import { ProtocolError } from './errors.js';
import { jsonSessionCodec, phpSessionCodec } from './serialization/index.js';

interface RecordedBind {
  readonly uid: string;
  readonly group_list: readonly string[];
  readonly ws: number;
}

function bindOf(entry: GoldenEntry): RecordedBind {
  return entry.input['bind'] as RecordedBind;
}

function detailsOf({ uid, group_list: groups, ws }: RecordedBind): CloseDetails {
  return {
    uid: byteStringFromText(uid),
    groups: groups.map(byteStringFromText),
    kind: ws === 1 ? 'ws' : 'tcp',
  };
}

const goldenCloses = GOLDEN_ENTRIES.filter((entry) => entry.name.startsWith('event.close.'));
const recordedCloses = recordedFrames('EVENT_CLOSE');

describe('the details of a Close event as PHP has them', () => {
  it.each(goldenCloses.map((entry) => [entry.name, entry] as const))('are read from %s', (_name, entry) => {
    const details = decodeCloseDetails(phpSessionCodec, fromHex(entry.input['bind_php_hex'] as string));
    expect(details).toEqual(detailsOf(bindOf(entry)));
  });

  it.each(goldenCloses.map((entry) => [entry.name, entry] as const))('hold what %s holds', (_name, entry) => {
    // Two entries were made by hand with the keys in another order; the gateway never wrote them so.
    const { uid, group_list, ws } = bindOf(entry);
    const bytes = encodeCloseDetails(phpSessionCodec, detailsOf(bindOf(entry)));
    expect(bytes.equals(phpSessionCodec.encode({ uid, group_list, ws }))).toBe(true);
    expect(phpSessionCodec.encode(bindOf(entry)).toString('hex')).toBe(entry.input['bind_php_hex']);
  });

  it.each(['blank_tcp', 'bound', 'bound_session', 'utf8'])(
    'are the recorded bytes of event.close.%s',
    (name) => {
      const entry = goldenEntry(`event.close.${name}`);
      const bytes = encodeCloseDetails(phpSessionCodec, detailsOf(bindOf(entry)));
      expect(bytes.toString('hex')).toBe(entry.input['bind_php_hex']);
    },
  );

  it('are the bytes of all four Close events of the conversation', () => {
    expect(recordedCloses).toHaveLength(4);
    for (const { extra_hex: hex } of recordedCloses) {
      const details = decodeCloseDetails(phpSessionCodec, fromHex(hex!));
      expect(encodeCloseDetails(phpSessionCodec, details).toString('hex')).toBe(hex);
    }
    expect(
      recordedCloses.map(({ extra_hex: hex }) => decodeCloseDetails(phpSessionCodec, fromHex(hex!))),
    ).toEqual([
      { uid: 'user-1', groups: ['g'], kind: 'ws' },
      { uid: '', groups: [], kind: 'ws' },
      { uid: '', groups: [], kind: 'tcp' },
      { uid: '', groups: [], kind: 'ws' },
    ]);
  });

  it('have no room for close code and reason', () => {
    const details: CloseDetails = { ...detailsOf(bindOf(goldenCloses[0]!)), code: 1001, reason: 'bye' };
    const hex = encodeCloseDetails(phpSessionCodec, details).toString('hex');
    expect(hex).toBe(goldenCloses[0]!.input['bind_php_hex']);
  });

  it('keep uids and groups of any bytes', () => {
    const names = fc
      .uint8Array({ maxLength: 40 })
      .map((bytes) => Buffer.from(bytes).toString('latin1') as ByteString);
    fc.assert(
      fc.property(names, fc.array(names), fc.constantFrom('ws', 'tcp'), (uid, groups, kind) => {
        const bytes = encodeCloseDetails(phpSessionCodec, { uid, groups, kind });
        expect(decodeCloseDetails(phpSessionCodec, bytes)).toEqual({ uid, groups, kind });
      }),
    );
  });

  it.each<[string, string, Partial<CloseDetails>]>([
    ['an integer for the uid', 'a:1:{s:3:"uid";i:10086;}', { uid: '10086' as ByteString }],
    [
      'an integer beyond 2^53',
      'a:1:{s:3:"uid";i:9223372036854775807;}',
      { uid: '9223372036854775807' as ByteString },
    ],
    [
      'integers in the list',
      'a:1:{s:10:"group_list";a:2:{i:0;i:7;i:1;s:1:"g";}}',
      { groups: ['7', 'g'] as ByteString[] },
    ],
    [
      'a list with a gap',
      'a:1:{s:10:"group_list";a:2:{i:1;s:1:"a";i:3;s:1:"b";}}',
      { groups: ['a', 'b'] as ByteString[] },
    ],
    ['bytes that are no text', 'a:1:{s:3:"uid";s:2:"\xff\x00";}', { uid: '\xff\x00' as ByteString }],
    ['null for the uid', 'a:1:{s:3:"uid";N;}', {}],
    ['nothing', 'a:0:{}', {}],
    ['other keys', 'a:2:{s:1:"x";i:1;s:2:"ws";i:1;}', { kind: 'ws' }],
  ])('may hold %s', (_name, php, expected) => {
    const details = decodeCloseDetails(phpSessionCodec, Buffer.from(php, 'latin1'));
    expect(details).toEqual({ uid: '', groups: [], kind: 'tcp', ...expected });
  });
});

describe('the details of a Close event as JSON', () => {
  it('come back as they were written, with code and reason', () => {
    const text = fc.string({ unit: 'binary' });
    const details = fc.record({
      uid: text.map(byteStringFromText),
      groups: fc.array(text.map(byteStringFromText)),
      kind: fc.constantFrom('ws' as const, 'tcp' as const),
      code: fc.option(fc.integer({ min: 1000, max: 4999 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(details, text, (given, reason) => {
        const full = given.code === undefined ? given : { ...given, reason };
        expect(decodeCloseDetails(jsonSessionCodec, encodeCloseDetails(jsonSessionCodec, full))).toEqual(
          full,
        );
      }),
    );
  });

  it('are readable', () => {
    const bytes = encodeCloseDetails(jsonSessionCodec, {
      uid: byteStringFromText('用户'),
      groups: [byteStringFromText('房间')],
      kind: 'ws',
      code: 1001,
    });
    expect(JSON.parse(bytes.toString())).toEqual({ uid: '用户', group_list: ['房间'], ws: 1, code: 1001 });
  });
});

describe('bytes that are no details of a Close event', () => {
  it.each([
    ['null', jsonSessionCodec, 'null'],
    ['a number', jsonSessionCodec, '5'],
    ['a text', phpSessionCodec, 's:1:"x";'],
    ['bytes', phpSessionCodec, 's:1:"\xff";'],
  ] as const)('are refused: %s', (_name, codec, text) => {
    const decode = () => decodeCloseDetails(codec, Buffer.from(text, 'latin1'));
    expect(decode).toThrow(ProtocolError);
    expect(decode).toThrow(
      expect.objectContaining({
        code: 'ERR_NESTWIRE_MALFORMED',
        message: 'The details of a Close event are no record',
      }),
    );
  });

  it.each(['1e999', '-1e999', '1000.5', '"1000"', 'null'])('have no close code when it is %s', (code) => {
    const read = decodeCloseDetails(jsonSessionCodec, Buffer.from(`{"ws":1,"code":${code}}`));
    expect(read.code).toBeUndefined();
  });

  it.each([jsonSessionCodec, phpSessionCodec])('give a value or a typed error: $name', (codec) => {
    const whole = encodeCloseDetails(codec, detailsOf(bindOf(goldenEntry('event.close.utf8'))));
    const changed = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => {
      const bytes = Buffer.from(whole);
      bytes[at] = byte;
      return bytes;
    });
    const cut = fc.nat(whole.length).map((end) => whole.subarray(0, end));
    fc.assert(
      fc.property(fc.oneof(changed, cut, fc.uint8Array()), (bytes) => {
        try {
          expect(decodeCloseDetails(codec, bytes)).toMatchObject({
            kind: expect.stringMatching(/^(ws|tcp)$/),
          });
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          expect(['ERR_NESTWIRE_MALFORMED', 'ERR_NESTWIRE_SERIALIZATION']).toContain(error.code);
        }
      }),
      { numRuns: 300 },
    );
  });
});
