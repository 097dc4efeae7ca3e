import { describe, expect, it } from 'vitest';
import { ByteReader } from '../byte-reader.js';
import { ByteWriter } from '../byte-writer.js';
import { ProtocolError } from '../errors.js';
import { COMMANDS, readRequest, type Tag } from './index.js';

function written(tags: readonly Tag[]): string {
  const writer = new ByteWriter();
  COMMANDS.registerWorker.request.write(writer, tags);
  return writer.view().toString('latin1');
}

function read(json: string): Tag[] {
  return readRequest(ByteReader.of(Buffer.from(json)), COMMANDS.registerWorker);
}

describe("a worker's tags", () => {
  it.each<[readonly Tag[], string]>([
    [[], '[]'],
    [['a/b'], '["a\\/b"]'],
    [['"\\'], '["\\"\\\\"]'],
    [['\0\b\t\n\f\r\x1f'], '["\\u0000\\b\\t\\n\\f\\r\\u001f"]'],
    [['\x7e\x7f\x80é'], '["\x7e\x7f\\u0080\\u00e9"]'],
    [['\u2028☃'], '["\\u2028\\u2603"]'],
    [['😀'], '["\\ud83d\\ude00"]'],
    [[1, -1.5, true, false, null], '[1,-1.5,true,false,null]'],
  ])('%j are written as PHP writes them', (tags, json) => {
    expect(written(tags)).toBe(json);
    expect(read(json)).toEqual(tags);
  });

  it('may come as plain UTF-8 and with white space', () => {
    expect(read(' [ "é/☃" , 1 ] ')).toEqual(['é/☃', 1]);
  });

  it.each(['', '[', '["a"', '[1]]', 'x'])('are refused when they are no JSON: "%s"', (json) => {
    expect(() => read(json)).toThrow(ProtocolError);
    expect(() => read(json)).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_MALFORMED', cause: expect.any(SyntaxError) }),
    );
  });

  it.each(['{}', '"a"', 'null', '1', '[[]]', '["a",{}]'])(
    'are refused when they are no list of scalars: %s',
    (json) => {
      expect(() => read(json)).toThrow(ProtocolError);
      expect(() => read(json)).toThrow(
        expect.objectContaining({
          code: 'ERR_NESTWIRE_MALFORMED',
          message: "A worker's tags must be a JSON list of scalars",
        }),
      );
    },
  );

  it('are refused, not followed, when they are nested a million deep', () => {
    expect(() => read('['.repeat(1_000_000))).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_MALFORMED' }),
    );
    expect(() => read('['.repeat(1_000_000) + ']'.repeat(1_000_000))).toThrow(
      expect.objectContaining({ code: 'ERR_NESTWIRE_MALFORMED' }),
    );
  });
});
