import { describe, expect, it } from 'vitest';
import { partSection } from './part-section.js';

describe('partSection', () => {
  it('makes a table of each list', () => {
    const output = {
      options: { connections: 3 },
      operations: [
        { name: 'join', count: 1_000_000, longestCallMs: 1.23456 },
        { name: 'leave', count: 12, longestCallMs: 0.0001234 },
      ],
      memory: [{ name: 'a connection', bytesEach: 1234.5 }],
    };
    expect(partSection('size', output)).toBe(
      [
        '### Tables of a gateway, without sockets',
        '',
        '| name | count | longest call (ms) |',
        '| --- | --- | --- |',
        '| join | 1,000,000 | 1.23 |',
        '| leave | 12 | 0.000123 |',
        '',
        '| name | bytes each |',
        '| --- | --- |',
        '| a connection | 1,235 |',
      ].join('\n'),
    );
  });

  it('is empty where there is nothing to show', () => {
    expect(partSection('micro', undefined)).toBe('');
    expect(partSection('micro', { machine: { cores: 2 }, nested: [{ samples: [1, 2] }] })).toBe('');
  });
});
