import { describe, expect, it } from 'vitest';
import { InvalidOptionError } from '#protocol';
import { parseMicroOptions } from './options.js';
import { formatResults } from './table.js';

describe('options of the micro benchmarks', () => {
  it('have defaults', () => {
    expect(parseMicroOptions([])).toEqual({ only: [], json: false, timeMs: 500 });
    expect(parseMicroOptions(['--only', 'crc32', '--only', 'frames', '--json', '--time', '50'])).toEqual({
      only: ['crc32', 'frames'],
      json: true,
      timeMs: 50,
    });
  });

  it.each([[['--time', '0']], [['--time', 'x']], [['--unknown']], [['word']]])('refuse %j', (args) => {
    expect(() => parseMicroOptions(args)).toThrow(InvalidOptionError);
  });
});

describe('the table', () => {
  it('is Markdown, a table a group', () => {
    const result = { nsPerOperation: 12_345.6, relativeMarginPercent: 1.25, runs: 9 };
    const text = formatResults([
      { group: 'a', name: 'x', ...result },
      { group: 'b', name: 'y', ...result, nsPerOperation: 1.2345 },
    ]);
    expect(text).toBe(
      '| a | ns/op, median | margin |\n| --- | ---: | ---: |\n| x | 12,300 | ± 1.3 % |\n\n' +
        '| b | ns/op, median | margin |\n| --- | ---: | ---: |\n| y | 1.23 | ± 1.3 % |\n',
    );
  });
});
