import { describe, expect, it } from 'vitest';
import { phpSessionCodec } from './index.js';

/**
 * The texts were written by PHP 8.2. So were the merged ones, by serialize(array_replace(unserialize(current),
 * unserialize(patch))), of which the gateway must produce the bytes without decoding anything. Where PHP would
 * only read a text and never write it, the test says so.
 */
const sharedVariable = 'a:3:{s:1:"a";s:1:"v";s:1:"b";R:2;s:1:"c";R:2;}';
const sharedObject = 'a:3:{s:1:"o";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"p";r:2;s:1:"q";a:1:{i:0;r:2;}}';
const variableAndObject = 'a:3:{s:1:"a";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"b";R:2;s:1:"c";r:2;}';
const objectCycle = 'a:2:{s:1:"n";O:8:"stdClass":1:{s:4:"self";r:2;}s:1:"m";r:2;}';
const twoObjects =
  'a:3:{s:1:"x";O:8:"stdClass":1:{s:1:"y";O:8:"stdClass":1:{s:1:"x";r:2;}}s:1:"y";r:3;s:1:"z";r:2;}';
const nestedVariable = 'a:2:{s:2:"in";a:1:{s:4:"deep";s:1:"d";}s:3:"out";R:3;}';
const custom =
  'a:3:{s:1:"c";C:1:"S":53:{a:2:{s:1:"q";O:8:"stdClass":1:{s:1:"v";i:1;}i:0;i:1;}}s:1:"o";r:4;s:1:"x";i:5;}';
const wide = 'a:1:{s:1:"w";a:7:{i:0;i:1;i:1;i:2;i:2;i:3;i:3;i:4;i:4;i:5;i:5;i:6;i:6;i:7;}}';
const wideEntry = wide.slice('a:1:{'.length, -1);

function merge(current: string, patch: string): string {
  return phpSessionCodec.merge(Buffer.from(current), Buffer.from(patch)).toString();
}

describe('UpdateSession on PHP sessions', () => {
  it('replaces entries in their place and adds new ones at the end', () => {
    expect(merge('a:2:{s:1:"a";i:1;s:1:"b";d:1;}', 'a:2:{s:1:"c";N;s:1:"a";d:NAN;}')).toBe(
      'a:3:{s:1:"a";d:NAN;s:1:"b";d:1;s:1:"c";N;}',
    );
  });

  it('replaces integer keys too, instead of appending them as the original does', () => {
    expect(merge('a:2:{i:0;s:1:"a";i:5;s:1:"b";}', 'a:3:{i:5;s:1:"c";i:7;s:1:"d";i:0;s:1:"e";}')).toBe(
      'a:3:{i:0;s:1:"e";i:5;s:1:"c";i:7;s:1:"d";}',
    );
  });

  it.each([
    ['i:5', 's:1:"5"', true],
    ['i:-5', 's:2:"-5"', true],
    ['i:5', 'i:+05', true],
    ['i:0', 'i:-0', true],
    ['i:0', 's:2:"-0"', false],
    ['i:5', 's:2:"05"', false],
    ['i:5', 's:2:"+5"', false],
    ['i:1', 's:3:"1.0"', false],
    ['i:9223372036854775807', 's:19:"9223372036854775807"', true],
    ['i:-9223372036854775808', 's:20:"-9223372036854775808"', true],
    ['s:1:"a"', 's:1:"A"', false],
  ])('takes the keys %s and %s for the same as PHP does: %s', (one, other, isSame) => {
    const merged = merge(`a:1:{${one};s:3:"old";}`, `a:1:{${other};s:3:"new";}`);
    expect(merged.includes('old')).toBe(!isSame);
  });

  it('treats zero bytes, an empty array and null as the empty session', () => {
    for (const none of ['', 'a:0:{}', 'N;']) {
      expect(merge(none, 'a:1:{i:0;i:1;}')).toBe('a:1:{i:0;i:1;}');
      expect(merge('a:1:{i:0;i:1;}', none)).toBe('a:1:{i:0;i:1;}');
      expect(merge(none, none)).toBe('');
    }
  });

  it('keeps the last of two equal keys, in the place of the first', () => {
    // Not written by PHP.
    expect(merge('a:3:{s:1:"5";i:1;s:1:"b";i:2;i:5;i:3;}', '')).toBe('a:2:{i:5;i:3;s:1:"b";i:2;}');
  });

  it('refuses a session that is no array', () => {
    const error = expect.objectContaining({ code: 'ERR_NESTWIRE_SERIALIZATION' });
    expect(() => merge('i:5;', 'a:0:{}')).toThrow(error);
    expect(() => merge('a:0:{}', 'O:8:"stdClass":0:{}')).toThrow(error);
  });
});

describe('references in merged PHP sessions', () => {
  it('stay as they are when nothing moves', () => {
    for (const text of [sharedVariable, sharedObject, objectCycle, twoObjects, nestedVariable, custom]) {
      expect(merge(text, 'a:1:{s:3:"new";i:1;}')).toBe(
        text.replace(/^a:(\d)/, (_, count) => `a:${Number(count) + 1}`).slice(0, -1) + 's:3:"new";i:1;}',
      );
    }
  });

  it('follow their target when a value before it grows', () => {
    expect(merge('a:2:{s:1:"w";i:1;s:1:"a";a:2:{i:0;i:1;i:1;R:4;}}', wide)).toBe(
      `a:2:{${wideEntry}s:1:"a";a:2:{i:0;i:1;i:1;R:11;}}`,
    );
  });

  it('follow their target when a value before it shrinks', () => {
    const text = `a:2:{${wideEntry}s:1:"a";a:2:{i:0;i:1;i:1;R:11;}}`;
    expect(merge(text, 'a:1:{s:1:"w";i:1;}')).toBe('a:2:{s:1:"w";i:1;s:1:"a";a:2:{i:0;i:1;i:1;R:4;}}');
  });

  it('are renumbered in the patch as well', () => {
    expect(merge(sharedObject, 'a:2:{s:1:"b";s:1:"v";s:1:"c";R:2;}')).toBe(
      'a:5:{s:1:"o";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"p";r:2;s:1:"q";a:1:{i:0;r:2;}s:1:"b";s:1:"v";s:1:"c";R:7;}',
    );
  });

  it('of a replaced variable: the first survivor keeps the old value, the others share it', () => {
    expect(merge(sharedVariable, 'a:1:{s:1:"a";s:3:"new";}')).toBe(
      'a:3:{s:1:"a";s:3:"new";s:1:"b";s:1:"v";s:1:"c";R:3;}',
    );
    expect(merge(sharedVariable, 'a:1:{s:1:"b";s:3:"new";}')).toBe(
      'a:3:{s:1:"a";s:1:"v";s:1:"b";s:3:"new";s:1:"c";R:2;}',
    );
  });

  it('of a replaced object: the first survivor holds it, the others point there', () => {
    expect(merge(sharedObject, 'a:1:{s:1:"o";i:0;}')).toBe(
      'a:3:{s:1:"o";i:0;s:1:"p";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"q";a:1:{i:0;r:3;}}',
    );
    expect(merge(sharedObject, 'a:2:{s:1:"o";a:2:{i:0;i:1;i:1;a:1:{i:0;i:2;}}s:1:"p";s:1:"x";}')).toBe(
      'a:3:{s:1:"o";a:2:{i:0;i:1;i:1;a:1:{i:0;i:2;}}s:1:"p";s:1:"x";s:1:"q";a:1:{i:0;O:8:"stdClass":1:{s:1:"v";i:1;}}}',
    );
  });

  it('tell a shared variable from another variable that holds the same object', () => {
    expect(merge(variableAndObject, 'a:1:{s:1:"a";i:0;}')).toBe(
      'a:3:{s:1:"a";i:0;s:1:"b";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"c";r:3;}',
    );
    // Not written by PHP. The object moves to a variable that nobody shares: the two that do must not join it.
    const text = 'a:4:{s:1:"a";O:8:"stdClass":0:{}s:1:"c";r:2;s:1:"b";R:2;s:1:"d";R:2;}';
    expect(merge(text, 'a:1:{s:1:"a";i:0;}')).toBe(
      'a:4:{s:1:"a";i:0;s:1:"c";O:8:"stdClass":0:{}s:1:"b";r:3;s:1:"d";R:4;}',
    );
  });

  it('into a replaced array keep what they point at', () => {
    expect(merge(nestedVariable, 'a:1:{s:2:"in";i:0;}')).toBe('a:2:{s:2:"in";i:0;s:3:"out";s:1:"d";}');
  });

  it('of objects in a cycle keep the cycle', () => {
    expect(merge(objectCycle, 'a:1:{s:1:"n";i:0;}')).toBe(
      'a:2:{s:1:"n";i:0;s:1:"m";O:8:"stdClass":1:{s:4:"self";r:3;}}',
    );
    expect(merge(twoObjects, 'a:1:{s:1:"x";i:0;}')).toBe(
      'a:3:{s:1:"x";i:0;s:1:"y";O:8:"stdClass":1:{s:1:"x";O:8:"stdClass":1:{s:1:"y";r:3;}}s:1:"z";r:4;}',
    );
  });

  it('into an object that wrote itself count the values of its payload', () => {
    expect(merge(wide, custom)).toBe(
      `a:4:{${wideEntry}s:1:"c";C:1:"S":53:{a:2:{s:1:"q";O:8:"stdClass":1:{s:1:"v";i:1;}i:0;i:1;}}s:1:"o";r:12;s:1:"x";i:5;}`,
    );
    expect(merge(custom, 'a:1:{s:1:"c";i:0;}')).toBe(
      'a:3:{s:1:"c";i:0;s:1:"o";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"x";i:5;}',
    );
  });

  it('inside such a payload are renumbered, and its length with them', () => {
    const text = 'a:2:{s:1:"c";C:1:"S":49:{a:2:{i:0;O:8:"stdClass":1:{s:1:"v";i:1;}i:1;r:4;}}s:1:"z";r:4;}';
    expect(merge(wide, text)).toBe(
      `a:3:{${wideEntry}s:1:"c";C:1:"S":50:{a:2:{i:0;O:8:"stdClass":1:{s:1:"v";i:1;}i:1;r:12;}}s:1:"z";r:12;}`,
    );
  });

  it('behind a payload that only its class can read count it as one value', () => {
    const text = 'a:3:{s:1:"b";C:1:"B":6:{raw;}x}s:1:"o";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"p";r:3;}';
    expect(merge(text, 'a:1:{s:1:"b";i:0;}')).toBe(
      'a:3:{s:1:"b";i:0;s:1:"o";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"p";r:3;}',
    );
    expect(merge('a:1:{s:1:"b";a:1:{i:0;N;}}', text.replace('"b"', '"c"'))).toBe(
      'a:4:{s:1:"b";a:1:{i:0;N;}s:1:"c";C:1:"B":6:{raw;}x}s:1:"o";O:8:"stdClass":1:{s:1:"v";i:1;}s:1:"p";r:5;}',
    );
  });

  it('to an enum case point at its first use', () => {
    const text = 'a:3:{i:0;E:6:"Suit:H";i:1;r:2;i:2;E:6:"Suit:S";}';
    expect(merge(text, 'a:1:{i:0;i:9;}')).toBe('a:3:{i:0;i:9;i:1;E:6:"Suit:H";i:2;E:6:"Suit:S";}');
  });

  it('to the whole session keep the old session', () => {
    // Not written by PHP.
    expect(merge('a:2:{s:1:"a";i:1;s:2:"me";R:1;}', 'a:1:{s:1:"a";i:2;}')).toBe(
      'a:2:{s:1:"a";i:2;s:2:"me";a:2:{s:1:"a";i:1;s:2:"me";R:3;}}',
    );
  });

  it('that would nest too deep once their targets are gone are refused', () => {
    const lists = Array.from({ length: 600 }, (_, index) =>
      index === 0 ? 'i:0;i:7;' : `i:${index};a:1:{i:0;R:${index + 2};}`,
    );
    const text = `a:2:{s:1:"a";a:600:{${lists.join('')}}s:1:"b";R:602;}`;
    expect(merge(text, '')).toBe(text);
    expect(() => merge(text, 'a:1:{s:1:"a";N;}')).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'ERR_NESTWIRE_SERIALIZATION' }),
    );
  });
});
