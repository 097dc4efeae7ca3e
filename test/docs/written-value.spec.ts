import { describe, expect, it } from 'vitest';
import { numberIn, says } from './written-value.js';

describe('a number on a page', () => {
  it.each([
    ['1,000', 1_000],
    ['0', 0],
    ['64 KiB', 65_536],
    ['16 MiB a gateway', 16_777_216],
    ['10 s', 10_000],
    ['2,000 a second', 2_000],
    ['none', undefined],
    ['', undefined],
  ])('"%s" is %s', (text, value) => {
    expect(numberIn(text)).toBe(value);
  });
});

describe('a cell', () => {
  it.each([
    ['1,000', 1_000],
    ['`close`', 'close'],
    ['empty', ''],
    ['none', []],
    ["`['127.0.0.1:9327']`", ['127.0.0.1:9327']],
    ['true', true],
    ['host name and process id', 'here/1'],
    ['–', undefined],
  ])('"%s" says the default %j', (cell, value) => {
    expect(says(cell, value)).toBe(true);
  });

  it.each([
    ['1,000', 10_000],
    ['', 1],
    ['`drop`', 'close'],
    ['empty', []],
    ["`['127.0.0.1:9328']`", ['127.0.0.1:9327']],
    ['false', true],
    ['1', undefined],
  ])('"%s" does not say the default %j', (cell, value) => {
    expect(says(cell, value)).toBe(false);
  });
});
