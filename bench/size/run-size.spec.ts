import { describe, expect, it } from 'vitest';
import { parseSizeOptions } from './options.js';
import { reportText } from './report-text.js';
import { runSize } from './run-size.js';

describe('the bench of sizes', () => {
  it('does everything completely at a small size, and reports it', async () => {
    const options = { connections: 50_000, groups: 5_000, members: 25_000 };
    const report = await runSize(options);
    const counts = Object.fromEntries(report.operations.map(({ name, count }) => [name, count]));
    expect(counts).toMatchObject({
      open: 50_000,
      'join the large group': 25_000,
      'list members': 25_000,
      'send to the large group': 25_000,
      'the same, 10000 excluded': 15_000,
      'send to all': 50_000,
      'dissolve the large group': 25_000,
      close: 50_000,
    });
    expect(report.memory.map(({ name }) => name)).toContain('connection');
    const text = reportText(report);
    for (const { name } of report.operations) expect(text).toContain(`| ${name} |`);
  });

  it('refuses sizes that no gateway has', () => {
    expect(parseSizeOptions(['--connections', '10', '--groups', '5', '--members', '7', '--json'])).toEqual({
      connections: 10,
      groups: 5,
      members: 7,
      isJson: true,
    });
    expect(() => parseSizeOptions(['--connections', '2000000'])).toThrow(RangeError);
    expect(() => parseSizeOptions(['--members', '0'])).toThrow(RangeError);
    expect(() => parseSizeOptions(['--connections', '10'])).toThrow(
      '--groups must be a whole number from 1 to 10',
    );
  });
});
