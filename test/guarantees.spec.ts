import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_API_OPTIONS, GatewayApi } from '#api';
import { DEFAULT_GATEWAY_OPTIONS, GatewayStats } from '#gateway';
import { DEFAULT_LINK_OPTIONS } from '#link';
import { DEFAULT_REGISTER_CLIENT_OPTIONS, DEFAULT_REGISTER_OPTIONS } from '#register';
import { DEFAULT_SUPERVISOR_OPTIONS } from '#supervisor';
import { DEFAULT_WORKER_OPTIONS } from '#worker';
import { COUNTERS } from './docs/counters.js';
import { codeIn, ROOT, tablesOf, textOf } from './docs/page.js';
import { titlesOf } from './docs/test-titles.js';
import { numberIn } from './docs/written-value.js';

const PAGE = 'docs/guarantees.md';
/** The column of the tests. */
const SHOWN_BY = 'shown by';

const DEFAULTS: readonly object[] = [
  DEFAULT_GATEWAY_OPTIONS,
  DEFAULT_WORKER_OPTIONS,
  DEFAULT_API_OPTIONS,
  DEFAULT_REGISTER_OPTIONS,
  DEFAULT_REGISTER_CLIENT_OPTIONS,
  DEFAULT_LINK_OPTIONS,
  DEFAULT_SUPERVISOR_OPTIONS,
];

/** Of `link.maxQueuedBytes` the option itself. */
const optionOf = (code: string): string => code.replace(/^(link|backoff)\./, '');

const defaultsOf = (option: string): unknown[] =>
  DEFAULTS.filter((defaults) => Object.hasOwn(defaults, option)).map((defaults) =>
    new Map<string, unknown>(Object.entries(defaults)).get(option)!,
  );

interface NamedTest {
  readonly title: string;
  readonly file: string;
}

const text = textOf(PAGE);
const tables = tablesOf(PAGE).filter(({ columns }) => columns.includes(SHOWN_BY));

const named: readonly NamedTest[] = [...text.matchAll(/\[([^\]]+)\]\(([^)\s]+\.spec\.ts)\)/g)].map(
  ([, title, link]) => ({
    title: title!.replaceAll(/\\(.)/g, '$1'),
    file: posix.normalize(posix.join('docs', link!)),
  }),
);

describe('docs/guarantees.md', () => {
  it('has promises, and each names the tests that show it', () => {
    expect(tables.length).toBeGreaterThan(5);
    const bare = tables.flatMap(({ heading, rows, columns }) =>
      rows
        .filter((row) => !/\.spec\.ts\)/.test(row[SHOWN_BY]!))
        .map((row) => `${heading}: ${row[columns[0]!]}`),
    );
    expect(bare).toEqual([]);
  });

  it.each([...new Set(named.map(({ file }) => file))])('names tests that are in %s', (file) => {
    expect(existsSync(join(ROOT, file))).toBe(true);
    const titles = titlesOf(file);
    const wrong = named
      .filter((test) => test.file === file)
      .filter(({ title }) => !titles.includes(title))
      .map(({ title }) => title);
    expect(wrong, titles.join('\n')).toEqual([]);
  });

  it('names options, counters and calls that are there', () => {
    const known = new Set([
      ...DEFAULTS.flatMap(Object.keys),
      ...COUNTERS.flatMap(({ names }) => names),
      ...Object.getOwnPropertyNames(GatewayApi.prototype),
      ...Object.keys(new GatewayStats()),
      'concurrency',
    ]);
    const words = codeIn(text)
      .map(optionOf)
      .filter((code) => /^[a-z]+[A-Z][A-Za-z]*$/.test(code));
    expect(words.filter((word) => !known.has(word))).toEqual([]);
    expect(words.length).toBeGreaterThan(30);
  });

  it('says the defaults as they are', () => {
    const told = [...text.matchAll(/`([\w.]+)` \((\d[^);]*)/g)].map(([, name, value]) => ({
      option: optionOf(name!),
      value: numberIn(value!),
    }));
    const wrong = told.filter(({ option, value }) => !defaultsOf(option).includes(value));
    expect(wrong).toEqual([]);
    expect(told.length).toBeGreaterThan(15);
  });
});
