import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withResults } from './readme.js';

const PAGE = 'before\n\n<!-- results: npm run bench:report -->\n\nold\n\n<!-- end of results -->\nafter\n';

describe('withResults', () => {
  it('replaces what is between the marks, and nothing else', () => {
    const page = withResults(PAGE, '| new |\n');
    expect(page).toBe(PAGE.replace('old', '| new |'));
    expect(withResults(page, 'old')).toBe(PAGE);
  });

  it('refuses a page without marks, instead of losing its text', () => {
    expect(() => withResults('before', 'new')).toThrow('has lost its marks');
  });

  it('finds the marks in the page of this folder', () => {
    const page = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    expect(withResults(page, 'figures of now')).toContain('\n\nfigures of now\n\n');
  });
});
