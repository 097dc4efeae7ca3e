import { describe, expect, it } from 'vitest';
import { titlesIn, titlesOf } from './test-titles.js';

describe('the titles of tests', () => {
  it('stand behind those of the groups around them', () => {
    const text = `describe('a', () => { describe('b', () => { it('c', () => {}, 1_000); }); test("d", f); }); it(\`e\`, f);`;
    expect(titlesIn(text)).toEqual(['a b c', 'a d', 'e']);
  });

  it('have their placeholders, and a hole for each expression', () => {
    const text = `describe.each(table)('a %s', (x) => { it.each([[1]])('b $name', f); it(\`c \${x} d\`, f); });`;
    expect(titlesIn(text)).toEqual(['a %s b $name', 'a %s c … d']);
  });

  it('are none of what does not run, nor of other calls', () => {
    const text = `it.skip('a', f); it.todo('b'); describe.skip('c', () => { it('d', f); }); expect('e'); it.each([['f']]);`;
    expect(titlesIn(text)).toEqual([]);
  });

  it('are those of a file', () => {
    expect(titlesOf('test/docs/test-titles.spec.ts')).toEqual([
      'the titles of tests stand behind those of the groups around them',
      'the titles of tests have their placeholders, and a hole for each expression',
      'the titles of tests are none of what does not run, nor of other calls',
      'the titles of tests are those of a file',
    ]);
  });
});
