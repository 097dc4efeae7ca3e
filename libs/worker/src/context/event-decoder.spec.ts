import { describe, expect, it } from 'vitest';

import { jsonSessionCodec, phpSessionCodec, type SessionCodec } from '#protocol';

import { MalformedEventError } from '../errors.js';
import { EventDecoder } from './event-decoder.js';
import { SessionOverlay } from './session-overlay.js';

const ID = '7f00000123940000002a';
const overlay = new SessionOverlay(jsonSessionCodec, () => undefined);
const bytesOf = (value: unknown): Buffer => jsonSessionCodec.encode(value);

function decoder(): { read: EventDecoder; malformed: MalformedEventError[]; decoded: () => number } {
  const malformed: MalformedEventError[] = [];
  let decoded = 0;
  const counting: SessionCodec = {
    ...jsonSessionCodec,
    decode(bytes) {
      decoded++;
      return jsonSessionCodec.decode(bytes);
    },
  };
  const read = new EventDecoder(counting, overlay, (error) => malformed.push(error));
  return { read, malformed, decoded: () => decoded };
}

describe('sessions of events', () => {
  it('are read once as long as they stay the same', () => {
    const { read, decoded } = decoder();
    const first = read.session(ID, 1, bytesOf({ name: 'Ann', age: 3, gone: null }));
    expect(first).toEqual({ name: 'Ann', age: 3, gone: null });
    expect(read.session(ID, 1, bytesOf({ name: 'Ann', age: 3, gone: null }))).toBe(first);
    expect(decoded()).toBe(1);
    expect(read.session(ID, 1, bytesOf({ name: 'Ann', age: 4, gone: null }))).toMatchObject({ age: 4 });
    expect(decoded()).toBe(2);
  });

  it("are never another client's, whose connection has the same place", () => {
    const { read } = decoder();
    for (let round = 0; round < 2; round++) {
      for (let connectionId = 0; connectionId < 5000; connectionId++) {
        expect(read.session(ID, connectionId, bytesOf({ number: connectionId % 4500 }))).toEqual({
          number: connectionId % 4500,
        });
      }
    }
  });

  it('are not changed by what becomes of the bytes', () => {
    const { read } = decoder();
    const bytes = bytesOf({ name: 'Ann' });
    read.session(ID, 1, bytes);
    bytes.write('Bob', bytes.indexOf('Ann'));
    expect(read.session(ID, 1, bytes)).toEqual({ name: 'Bob' });
    expect(read.session(ID, 1, bytesOf({ name: 'Ann' }))).toEqual({ name: 'Ann' });
  });

  it.each([[{ deep: { list: [1] } }], [{ list: [] }]])(
    'with objects in them, as %j, are not shared',
    (value) => {
      const { read } = decoder();
      const first = read.session(ID, 1, bytesOf(value));
      const second = read.session(ID, 1, bytesOf(value));
      expect(second).toEqual(first);
      expect(second).not.toBe(first);
    },
  );

  it('that are large are not kept', () => {
    const { read, decoded } = decoder();
    const value = { text: 'x'.repeat(600) };
    for (let time = 0; time < 2; time++) expect(read.session(ID, 1, bytesOf(value))).toEqual(value);
    expect(decoded()).toBe(2);
  });

  it('that cannot be read are told each time', () => {
    const { read, malformed } = decoder();
    for (let time = 0; time < 2; time++) {
      expect(read.session(ID, 1, Buffer.from('{'))).toBeInstanceOf(MalformedEventError);
    }
    expect(malformed).toHaveLength(2);
  });

  it('own the raw bytes in them', () => {
    const read = new EventDecoder(phpSessionCodec, overlay, () => undefined);
    const bytes = Buffer.from('a:1:{s:1:"k";s:2:"\xff\xfe";}', 'latin1');
    const session = read.session(ID, 1, bytes);
    bytes.fill(0);
    expect(session).toEqual({ k: Buffer.from([0xff, 0xfe]) });
  });
});
